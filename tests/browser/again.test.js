// Impatience and second thoughts: double clicks, the back button, reloading, and pages that are too old.

import assert from 'node:assert/strict';

import { sees, seesHeading, story } from './world/index.js';

story('a double click on Allow makes one grant', async (visitor) => {
  const { page, server, applications, user } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await page.getByRole('button', { name: 'Allow' }).dblclick();
  const { state } = await visitor.isBack();
  const codes = applications.received.filter((one) => one.state === state).map((one) => one.params.code);
  assert.equal(new Set(codes).size, 1);
  assert.equal(server.logged('approved', user).length, 1);
  await applications.redeem(await visitor.isBack());
});

story('an answer that is sent again because the first seems lost leads to the same grant', async (visitor) => {
  const { page, server, applications, user } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await pressWithoutAnswer(page, 'Allow', 'Allow');
  await applications.redeem(await visitor.isBack());
  assert.equal(server.logged('approved', user).length, 1);
});

story('a denial after an approval does not take it back silently, and the other way round', async (visitor) => {
  const { page, server, user } = visitor;
  for (const [first, second, heading] of [
    ['Deny', 'Allow', 'Not connected'],
    ['Allow', 'Deny', 'Connected'],
  ]) {
    await visitor.connect('portal');
    if (first === 'Deny') await visitor.signIn();
    await seesHeading(page, 'Allow Looking-Glass Portal?');
    await pressWithoutAnswer(page, first, second);
    await visitor.isBack(heading);
  }
  assert.equal(server.logged('approved', user).length, 1);
});

story('a double click on Sign in logs in', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await seesHeading(page, 'Sign in');
  await page.getByLabel('User name').fill(visitor.user);
  await page.getByLabel('Password').fill('wonderland');
  await page.getByRole('button', { name: 'Sign in' }).dblclick();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
});

story('a double click on Disconnect disconnects', async (visitor) => {
  const { page, applications } = visitor;
  await applications.redeem(await visitor.connectFully('portal'));
  await visitor.account();
  await page.getByRole('button', { name: 'Disconnect Looking-Glass Portal' }).dblclick();
  await sees(page, 'No app can act for you.');
});

story('the back button after approval gives nothing a second time, and says so', async (visitor) => {
  const { page, server, applications, user } = visitor;
  await applications.redeem(await visitor.connectFully('portal'));
  const before = applications.received.length;
  await page.goBack();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await visitor.allow();
  await seesHeading(page, 'Already done');
  await sees(page, 'Go back to the application and start again');
  assert.equal(applications.received.length, before);
  assert.equal(server.logged('approved', user).length, 1);
});

story('the back button before the code is redeemed leads to the same code', async (visitor) => {
  const { page, server, applications, user } = visitor;
  const first = await visitor.connectFully('portal');
  await page.goBack();
  await visitor.allow();
  const again = await visitor.isBack();
  assert.equal(again.params.code, first.params.code);
  await applications.redeem(again);
  assert.equal(server.logged('approved', user).length, 1);
});

story('the back button after denial does not lead to an approval', async (visitor) => {
  const { page, server, user } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await visitor.deny();
  const first = await visitor.isBack('Not connected');
  await page.goBack();
  await visitor.allow();
  const again = await visitor.isBack('Not connected');
  assert.deepEqual(again.params, first.params);
  assert.equal(server.logged('approved', user).length, 0);
});

story('the back button from the question shows no form to log in twice', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await page.goBack();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await visitor.allow();
  await visitor.isBack();
});

story('reloading the question asks it again', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await page.reload();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await visitor.allow();
  await visitor.isBack();
});

story('a form whose cookies are gone says what to do', async (visitor) => {
  const { page, context } = visitor;
  await visitor.connect('portal');
  await seesHeading(page, 'Sign in');
  await context.clearCookies();
  await visitor.signIn();
  await seesHeading(page, 'This form is too old');
  await sees(page, 'load the page again');
});

// Presses one button of the question, whose answer never reaches the browser, and then another.
async function pressWithoutAnswer(page, first, second) {
  let decided;
  const decision = new Promise((resolve) => {
    decided = resolve;
  });
  const loseAnswer = async (route) => {
    await route.fetch({ maxRedirects: 0 });
    decided();
  };
  await page.route('**/authorize/decide', loseAnswer, { times: 1 });
  const places = [];
  for (const name of [first, second]) places.push(await page.getByRole('button', { name }).boundingBox());
  const press = ({ x, y, width, height }) => page.mouse.click(x + width / 2, y + height / 2);
  await press(places[0]);
  await decision;
  await press(places[1]);
}
