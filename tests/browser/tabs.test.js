// Several tabs of one browser, each on its own way.

import assert from 'node:assert/strict';

import { sees, seesHeading, story } from './world/index.js';

story('two tabs with two applications do not mix', async (visitor) => {
  const { page, applications } = visitor;
  const tab = await visitor.tab();
  await visitor.connect('portal', { scope: 'notes:read' }, page);
  await seesHeading(page, 'Sign in');
  await visitor.connect('printer', { scope: 'notes:write' }, tab);
  await seesHeading(tab, 'Sign in');

  await visitor.signIn(page);
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await visitor.signIn(tab);
  await seesHeading(tab, 'Allow Postcard Printer?');

  await visitor.allow(page);
  const first = await visitor.isBack('Connected', page);
  await visitor.allow(tab);
  const second = await visitor.isBack('Connected', tab);
  assert.deepEqual([first.client, second.client], ['portal', 'printer']);
  assert.deepEqual(
    [(await applications.redeem(first)).scope, (await applications.redeem(second)).scope],
    ['notes:read', 'notes:write'],
  );
});

story('two tabs with the same application make two grants, and denying one leaves the other', async (visitor) => {
  const { page, server, applications } = visitor;
  const tab = await visitor.tab();
  await visitor.connect('portal', {}, page);
  await visitor.signIn(page);
  await visitor.connect('portal', {}, tab);
  await seesHeading(tab, 'Allow Looking-Glass Portal?');

  await visitor.allow(page);
  const allowed = await visitor.isBack('Connected', page);
  await visitor.deny(tab);
  const denied = await visitor.isBack('Not connected', tab);
  assert.notEqual(allowed.state, denied.state);
  const { access_token } = await applications.redeem(allowed);
  assert.equal((await applications.introspect(server, access_token)).active, true);
});

story('logging in in one tab is enough for the other', async (visitor) => {
  const { page } = visitor;
  const tab = await visitor.tab();
  await visitor.connect('printer', {}, tab);
  await seesHeading(tab, 'Sign in');
  await visitor.connect('portal', {}, page);
  await visitor.signIn(page);
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await tab.reload();
  await seesHeading(tab, 'Allow Postcard Printer?');
  await sees(tab, `Signed in as ${visitor.user}`);
});

story(
  'of tabs that open at the same moment in a fresh browser one goes on, and the other says what to do',
  async (visitor) => {
    const { context, page, server, applications } = visitor;
    const tab = await visitor.tab();
    // Neither request knows the cookies that come with the answer to the other. Those of the later answer are kept.
    const [bothAsked, earlierShown] = [gate(2), gate(1)];
    await context.route(`${server.origin}/authorize?**`, async (route) => {
      await bothAsked.pass();
      const response = await route.fetch();
      if (route.request().url().includes('client_id=printer')) await earlierShown.opened;
      await route.fulfill({ response });
    });
    const later = tab.goto(applications.request(server, 'printer'));
    await page.goto(applications.request(server, 'portal'));
    earlierShown.pass();
    await later;

    await visitor.signIn(tab);
    await visitor.allow(tab);
    assert.equal((await visitor.isBack('Connected', tab)).client, 'printer');
    await visitor.signIn(page);
    await seesHeading(page, 'This form is too old');
    await page.goBack();
    await seesHeading(page, 'Allow Looking-Glass Portal?');
    await visitor.allow(page);
    assert.equal((await visitor.isBack('Connected', page)).client, 'portal');
  },
);

// Opens when as many have come as it is for.
function gate(awaited) {
  const gate = {};
  gate.opened = new Promise((resolve) => {
    gate.pass = () => {
      awaited -= 1;
      if (awaited === 0) resolve();
      return gate.opened;
    };
  });
  return gate;
}
