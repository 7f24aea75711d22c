// Logging in: who gets in, who does not, and what they are told.

import assert from 'node:assert/strict';

import { focused } from './world/focus.js';
import { arrive, sees, seesHeading, story } from './world/index.js';

story('a person logs in and is asked by the application that sent them', async (visitor) => {
  await visitor.connect('portal');
  await sees(visitor.page, 'to continue to Looking-Glass Portal');
  await visitor.signIn();
  await seesHeading(visitor.page, 'Allow Looking-Glass Portal?');
  await sees(visitor.page, `Signed in as ${visitor.user}`);
});

story('the cursor waits in the first field', async (visitor) => {
  await visitor.connect('portal');
  await seesHeading(visitor.page, 'Sign in');
  assert.equal((await focused(visitor.page)).name, 'User name');
});

story('a wrong password is said, read out at the field, and can be corrected', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await visitor.signIn(page, { word: 'not my password' });

  const summary = page.getByRole('alert');
  assert.equal((await summary.innerText()).trim(), wrong);
  assert.match(await page.title(), /^Error: /);
  const field = await focused(page);
  assert.deepEqual([field.name, field.description, field.invalid], ['Password', wrong, 'true']);
  assert.equal(await page.getByLabel('User name').inputValue(), visitor.user);
  assert.equal(await page.getByLabel('Password').inputValue(), '');

  await page.keyboard.type('wonderland');
  await page.keyboard.press('Enter');
  await seesHeading(page, 'Allow Looking-Glass Portal?');
});

story('who does not exist and who may not log in read the same', async (visitor) => {
  for (const user of ['nobody', 'disabled']) {
    await visitor.connect('portal');
    await visitor.signIn(visitor.page, { user });
    assert.equal((await visitor.page.getByRole('alert').innerText()).trim(), wrong);
  }
});

story(
  'who guesses too often is told to wait, even with the right password',
  async (visitor) => {
    await visitor.connect('portal');
    for (const word of ['a guess', 'another', 'a third']) {
      await visitor.signIn(visitor.page, { word });
      await sees(visitor.page, wrong);
    }
    await visitor.signIn();
    await sees(visitor.page, 'There have been too many attempts. Wait a minute and try again.');
  },
  { extraHTTPHeaders: { 'x-forwarded-for': '203.0.113.7' } },
);

story('what somebody typed comes back as text', async (visitor) => {
  const typed = '"><script>document.title = "mine"</script><b>';
  await visitor.connect('portal');
  await visitor.signIn(visitor.page, { user: typed });
  await visitor.page.getByRole('alert').waitFor();
  assert.equal(await visitor.page.getByLabel('User name').inputValue(), typed);
  assert.match(await visitor.page.title(), /^Error: Sign in/);
});

story('who does not want to log in is told that nothing was shared', async (visitor) => {
  await visitor.connect('portal');
  await visitor.page.getByRole('link', { name: 'Cancel' }).click();
  await seesHeading(visitor.page, 'Nothing was shared');
});

story('who is logged in is not asked again, unless the application insists', async (visitor) => {
  const { page } = visitor;
  await visitor.connectFully('printer');
  await visitor.connect('printer');
  await seesHeading(page, 'Allow Postcard Printer?');

  await visitor.connect('printer', { prompt: 'login' });
  await seesHeading(page, 'Sign in again');
  assert.equal(await page.getByLabel('User name').inputValue(), visitor.user);
  await visitor.signIn();
  await seesHeading(page, 'Allow Postcard Printer?');
});

story('an application can ask which account, and the person can take another', async (visitor) => {
  const { page } = visitor;
  await visitor.connectFully('printer');
  await visitor.connect('printer', { prompt: 'select_account' });
  await seesHeading(page, 'Choose an account');
  await page.getByRole('button', { name: `Continue as ${visitor.user}` }).click();
  await seesHeading(page, 'Allow Postcard Printer?');

  const other = await arrive();
  await other.leave();
  await visitor.connect('printer', { prompt: 'select_account' });
  await page.getByRole('button', { name: 'Use another account' }).click();
  await visitor.signIn(page, { user: other.user });
  await sees(page, `Signed in as ${other.user}`);
});

story('an application that forbids pages hears that somebody must log in', async (visitor) => {
  await visitor.connect('portal', { prompt: 'none' });
  const { params } = await visitor.isBack('Not connected');
  assert.equal(params.error, 'login_required');
});

story('a name that the application knows is filled in', async (visitor) => {
  await visitor.connect('portal', { login_hint: visitor.user });
  await seesHeading(visitor.page, 'Sign in');
  assert.equal(await visitor.page.getByLabel('User name').inputValue(), visitor.user);
  assert.equal((await focused(visitor.page)).name, 'Password');
});

story('after logging out nothing is shown to whoever comes next, not even by the back button', async (visitor) => {
  const { page } = visitor;
  await visitor.account();
  await visitor.signIn();
  await seesHeading(page, 'Connected apps');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await seesHeading(page, 'You are signed out');
  await page.goBack();
  await seesHeading(page, 'Sign in');
  await visitor.connect('portal');
  await seesHeading(page, 'Sign in');
});

story('a link to log out asks first', async (visitor) => {
  const { page } = visitor;
  await visitor.account();
  await visitor.signIn();
  await seesHeading(page, 'Connected apps');
  await page.goto(`${visitor.server.origin}/logout`);
  await seesHeading(page, 'Sign out?');
  await page.getByRole('link', { name: /^Stay/ }).click();
  await seesHeading(page, 'Connected apps');
});

const wrong = 'The user name or the password is wrong.';
