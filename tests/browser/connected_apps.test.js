// Connected apps: what a person sees there, and that disconnecting ends what the application holds.

import assert from 'node:assert/strict';

import { focused } from './world/focus.js';
import { sees, seesHeading, story } from './world/index.js';

story('nothing is connected at first', async (visitor) => {
  await visitor.account();
  await visitor.signIn();
  await seesHeading(visitor.page, 'Connected apps');
  await sees(visitor.page, 'No app can act for you.');
});

story('a connected application is listed with what it may do', async (visitor) => {
  const { page, applications } = visitor;
  await applications.redeem(await visitor.connectFully('portal'));
  await visitor.account();
  const app = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Looking-Glass Portal' }) });
  const text = await app.innerText();
  const today = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date());
  for (const part of ['Read your notes', 'Write and change your notes', 'Notes', today])
    assert.ok(text.includes(part), text);
});

story('disconnecting ends the tokens of that application, and of no other', async (visitor) => {
  const { page, server, applications } = visitor;
  const portal = await applications.redeem(await visitor.connectFully('portal'));
  await visitor.connect('printer');
  await visitor.allow();
  const printer = await applications.redeem(await visitor.isBack());
  await visitor.account();
  await page.getByRole('button', { name: 'Disconnect Looking-Glass Portal' }).click();

  assert.match(await page.getByRole('status').innerText(), /Looking-Glass Portal is disconnected/);
  assert.equal((await focused(page)).role, 'status', 'what happened is read out');
  assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), ['Postcard Printer']);
  for (const token of [portal.access_token, portal.refresh_token]) {
    assert.deepEqual(await applications.introspect(server, token), { active: false });
  }
  assert.equal((await applications.introspect(server, printer.access_token)).active, true);

  await page.getByRole('button', { name: 'Disconnect Postcard Printer' }).click();
  await sees(page, 'No app can act for you.');
});

story('who was disconnected has to ask again, though it was remembered', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await page.getByRole('checkbox', { name: /^Remember/ }).check();
  await visitor.allow();
  await visitor.isBack();
  await visitor.connect('portal');
  await visitor.isBack();

  await visitor.account();
  await sees(page, /remembered/);
  await page.getByRole('button', { name: 'Disconnect Looking-Glass Portal' }).click();
  await sees(page, 'No app can act for you.');
  await visitor.connect('portal');
  await seesHeading(page, 'Allow Looking-Glass Portal?');
});

story('the back button after disconnecting shows no application that is gone', async (visitor) => {
  const { page, applications } = visitor;
  await applications.redeem(await visitor.connectFully('portal'));
  await visitor.account();
  await page.getByRole('button', { name: 'Disconnect Looking-Glass Portal' }).click();
  await sees(page, 'No app can act for you.');
  await page.goBack();
  await sees(page, 'No app can act for you.');
});

story('nobody sees the applications of somebody else', async (visitor) => {
  const { page, applications } = visitor;
  await applications.redeem(await visitor.connectFully('portal'));
  await visitor.account();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await visitor.account();
  await visitor.signIn(page, { user: 'guest-200' });
  await sees(page, 'No app can act for you.');
});
