// Everything without a mouse: what the Tab key meets, in which order, and that one always sees where one is.

import assert from 'node:assert/strict';

import { assertFocusIsVisible, focused, tabTo } from './world/focus.js';
import { sees, seesHeading, story } from './world/index.js';

story('from the application and back with the keyboard only', async (visitor) => {
  const { page, applications } = visitor;
  await page.goto(applications.home('portal'));
  await tabTo(page, 'Connect');
  await page.keyboard.press('Enter');

  await seesHeading(page, 'Sign in');
  await assertFocusIsVisible(page);
  await page.keyboard.type(visitor.user);
  assert.deepEqual(await tabTo(page, 'Password'), ['Password']);
  await page.keyboard.type('wonderland');
  assert.deepEqual(await tabTo(page, 'Cancel'), ['Sign in', 'Cancel']);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Space');

  await seesHeading(page, 'Allow Looking-Glass Portal?');
  assert.deepEqual(await tabTo(page, 'Write and change your notes'), [
    'Not you?',
    'Read your notes',
    'Write and change your notes',
  ]);
  assert.equal((await focused(page)).checked, 'true');
  await page.keyboard.press('Space');
  assert.equal((await focused(page)).checked, 'false');
  assert.deepEqual(await tabTo(page, 'Deny'), ['Remember this, and do not ask me again', 'Allow', 'Deny']);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');

  const tokens = await applications.redeem(await visitor.isBack());
  assert.equal(tokens.scope, 'notes:read');
});

story('Enter in a field signs in, and does not cancel', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await seesHeading(page, 'Sign in');
  await page.keyboard.type(visitor.user);
  await page.keyboard.press('Tab');
  await page.keyboard.type('wonderland');
  await page.keyboard.press('Enter');
  await seesHeading(page, 'Allow Looking-Glass Portal?');
});

story('Enter on Deny denies', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await tabTo(page, 'Deny');
  await page.keyboard.press('Enter');
  await visitor.isBack('Not connected');
});

story('disconnecting with the keyboard only', async (visitor) => {
  const { page, applications } = visitor;
  await applications.redeem(await visitor.connectFully('portal'));
  await visitor.account();
  assert.deepEqual(await tabTo(page, 'Disconnect Looking-Glass Portal'), [
    'Sign out',
    'Disconnect Looking-Glass Portal',
  ]);
  await page.keyboard.press('Space');
  await sees(page, 'No app can act for you.');
});

story('signing out with the keyboard only', async (visitor) => {
  const { page } = visitor;
  await visitor.account();
  await visitor.signIn();
  await seesHeading(page, 'Connected apps');
  await tabTo(page, 'Sign out');
  await page.keyboard.press('Enter');
  await seesHeading(page, 'You are signed out');
  await tabTo(page, 'Go to your account');
  await page.keyboard.press('Enter');
  await seesHeading(page, 'Sign in');
});
