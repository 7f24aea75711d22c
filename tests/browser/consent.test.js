// Consent: what the page says, and what follows from each answer.

import assert from 'node:assert/strict';

import { arrive, clients, sees, seesHeading, story, world } from './world/index.js';

story('the page says who asks, for what, where, and where the answer goes', async (visitor) => {
  const { page, applications, user } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  for (const text of [
    user,
    'Read your notes',
    'Write and change your notes',
    'Notes',
    new URL(applications.origin).host,
  ]) {
    await sees(page, text);
  }
  for (const [link, url] of [
    ['About Looking-Glass Portal', 'https://portal.example/'],
    ['Privacy policy', 'https://portal.example/privacy'],
    ['Terms of service', 'https://portal.example/terms'],
  ]) {
    assert.equal(await page.getByRole('link', { name: link }).getAttribute('href'), url);
  }
});

story('who allows comes back with a code that is worth what was allowed', async (visitor) => {
  const { applications, server, user } = visitor;
  const received = await visitor.connectFully('portal');
  assert.deepEqual([received.client, received.method], ['portal', 'GET']);

  const tokens = await applications.redeem(received);
  const { active, sub, scope, client_id } = await applications.introspect(server, tokens.access_token);
  assert.deepEqual(
    { active, sub, scope, client_id },
    { active: true, sub: user, scope: 'notes:read notes:write', client_id: 'portal' },
  );
});

story('who denies comes back without a code', async (visitor) => {
  await visitor.connect('portal');
  await visitor.signIn();
  await visitor.deny();
  const { params } = await visitor.isBack('Not connected');
  assert.equal(params.error, 'access_denied');
  assert.equal(params.code, undefined);
  assert.equal(visitor.server.logged('approved', visitor.user).length, 0);
});

story('what is not checked is not granted', async (visitor) => {
  const { page, applications } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await page.getByRole('checkbox', { name: 'Write and change your notes' }).uncheck();
  await visitor.allow();
  const tokens = await applications.redeem(await visitor.isBack());
  assert.equal(tokens.scope, 'notes:read');
});

story('allowing nothing at all leads to no code, and there is a way on', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  for (const scope of ['Read your notes', 'Write and change your notes']) {
    await page.getByRole('checkbox', { name: scope }).uncheck();
  }
  await visitor.allow();
  await seesHeading(page, 'Nothing was chosen');
  assert.equal(visitor.server.logged('approved', visitor.user).length, 0);
  await page.goBack();
  await page.getByRole('checkbox', { name: 'Read your notes' }).check();
  await visitor.allow();
  await visitor.isBack();
});

story('a single permission needs no box', async (visitor) => {
  const { page, applications } = visitor;
  await visitor.connect('notebook', { scope: 'notes:read' });
  await visitor.signIn();
  await sees(page, 'Read your notes');
  assert.equal(await page.getByRole('checkbox').count(), 0);
  await visitor.allow();
  assert.equal((await applications.redeem(await visitor.isBack())).scope, 'notes:read');
});

story('a remembered consent is not asked for again, until more is wanted', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal', { scope: 'notes:read' });
  await visitor.signIn();
  await page.getByRole('checkbox', { name: /^Remember/ }).check();
  await visitor.allow();
  const first = await visitor.isBack();

  await visitor.connect('portal', { scope: 'notes:read' });
  const second = await visitor.isBack();
  assert.notEqual(second.state, first.state);

  await visitor.connect('portal');
  await seesHeading(page, 'Allow Looking-Glass Portal?');
});

story('a consent that was not to be remembered is asked for again', async (visitor) => {
  await visitor.connectFully('portal');
  await visitor.connect('portal');
  await seesHeading(visitor.page, 'Allow Looking-Glass Portal?');
});

story('an application that cannot prove who it is is never offered to be remembered', async (visitor) => {
  await visitor.connect('notebook');
  await visitor.signIn();
  await seesHeading(visitor.page, 'Allow Notebook?');
  assert.equal(await visitor.page.getByRole('checkbox', { name: /^Remember/ }).count(), 0);
});

story('an application that nobody has verified comes with a warning', async (visitor) => {
  await visitor.connect('stranger');
  await visitor.signIn();
  await seesHeading(visitor.page, `Allow ${clients.stranger.name}?`);
  await sees(visitor.page, 'Nobody here has verified this app.');
  await visitor.allow();
  await visitor.isBack();
});

story('a name full of markup is shown as it is written', async (visitor) => {
  await visitor.connect('hostile');
  await sees(visitor.page, `to continue to ${clients.hostile.name}`);
  await visitor.signIn();
  await seesHeading(visitor.page, `Allow ${clients.hostile.name}?`);
});

story('somebody else can take over at the question, and it is asked anew', async (visitor) => {
  const { page, server } = visitor;
  const other = await arrive();
  await other.leave();
  await visitor.connect('portal');
  await visitor.signIn();
  await page.getByRole('button', { name: 'Not you?' }).click();
  await visitor.signIn(page, { user: other.user });
  await sees(page, `Signed in as ${other.user}`);
  await visitor.allow();
  await visitor.isBack();
  assert.equal(server.logged('approved', other.user).length, 1);
  assert.equal(server.logged('approved', visitor.user).length, 0);
});

story('a page of one person does not speak for the next in the same browser', async (visitor) => {
  const { page, server } = visitor;
  const other = await arrive();
  await other.leave();
  await visitor.connect('portal');
  await visitor.signIn();
  await seesHeading(page, 'Allow Looking-Glass Portal?');

  const tab = await visitor.tab();
  await tab.goto(`${server.origin}/account`);
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await seesHeading(tab, 'You are signed out');
  await visitor.account(tab);
  await visitor.signIn(tab, { user: other.user });
  await seesHeading(tab, 'Connected apps');

  await visitor.allow();
  await page.waitForLoadState();
  assert.equal(server.logged('approved', visitor.user).length, 0);
  assert.equal(server.logged('approved', other.user).length, 0);
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await sees(page, `Signed in as ${other.user}`);
});

story('a link with the question of another person is refused', async (visitor) => {
  const attacker = await arrive();
  try {
    await attacker.connect('portal');
    await attacker.signIn();
    await seesHeading(attacker.page, 'Allow Looking-Glass Portal?');
    await visitor.connectFully('printer');
    await visitor.page.goto(attacker.page.url());
    await seesHeading(visitor.page, 'Started in another browser');
    assert.equal(world.server.logged('approved', visitor.user).length, 1);
  } finally {
    await attacker.leave();
  }
});
