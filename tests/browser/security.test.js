// What the browser is told to refuse, and that it refuses it; and what it is not told to refuse.

import assert from 'node:assert/strict';

import { hasScripts, seesHeading, story } from './world/index.js';

story(
  'the answer reaches an application on another site, under a policy that admits it and nothing else',
  async (visitor) => {
    const { page, server, applications } = visitor;
    await visitor.connect('portal');
    await visitor.signIn();
    await seesHeading(page, 'Allow Looking-Glass Portal?');
    assert.notEqual(new URL(server.origin).hostname, new URL(applications.origin).hostname);
    const policy = await policyOf(page);
    assert.equal(policy.get('default-src'), "'none'");
    assert.equal(policy.get('script-src'), undefined);
    assert.equal(policy.get('frame-ancestors'), "'none'");
    assert.equal(policy.get('form-action'), `'self' ${applications.origin}`);
    await visitor.allow();
    await visitor.isBack();
  },
);

story('the answer reaches an application with https', async (visitor) => {
  const { page, context } = visitor;
  await context.route('https://desk.example/**', (route) => {
    route.fulfill({
      contentType: 'text/html',
      body: '<!DOCTYPE html><html lang="en"><title>Desk</title><h1>Desk</h1>',
    });
  });
  await visitor.connect('remote');
  await visitor.signIn();
  await seesHeading(page, 'Allow Remote Desk?');
  assert.equal((await policyOf(page)).get('form-action'), "'self' https://desk.example");
  await visitor.allow();
  await seesHeading(page, 'Desk');
  assert.ok(new URL(page.url()).searchParams.has('code'));
});

story('the answer is handed to an app of the device', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('phone');
  await visitor.signIn();
  await seesHeading(page, 'Allow Pocket Notes?');
  assert.equal((await policyOf(page)).get('form-action'), "'self' com.example.pocket:");
  const location = page.waitForResponse('**/authorize/decide').then((response) => response.headerValue('location'));
  await page.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true });
  assert.match(await location, /^com\.example\.pocket:\/callback\?code=/);
});

story('a policy that did not admit the application would stop the answer: the browser enforces it', async (visitor) => {
  const { page, context, applications } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  await seesHeading(page, 'Allow Looking-Glass Portal?');
  await context.route('**/authorize/resume?**', async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    const policy = headers['content-security-policy'].replace(` ${applications.origin}`, '');
    await route.fulfill({ response, headers: { ...headers, 'content-security-policy': policy } });
  });
  await page.reload();
  const before = applications.received.length;
  const refused = page.waitForEvent('console', (message) => message.text().includes('form-action'));
  await page.getByRole('button', { name: 'Allow' }).click({ noWaitAfter: true });
  await refused;
  assert.equal(applications.received.length, before);
  assert.match(visitor.complained().join('\n'), /form-action/);
});

story('no page can be framed', async (visitor) => {
  const { page, server, applications } = visitor;
  const question = applications.request(server, 'portal');
  for (const url of [`${server.origin}/login`, question, `${server.origin}/nowhere`]) {
    await page.goto(applications.framing(url));
    const frame = page.frames()[1];
    assert.equal(await frame.locator('main').count(), 0, url);
    assert.match(visitor.complained().join('\n'), /frame-ancestors|X-Frame-Options/, url);
  }
});

story('no form of another site is accepted', async (visitor) => {
  const { page, server, applications } = visitor;
  await applications.redeem(await visitor.connectFully('portal'));
  for (const [path, fields] of [
    ['/logout', { csrf: 'A'.repeat(43) }],
    ['/account/disconnect', { client: 'portal', csrf: 'A'.repeat(43) }],
    ['/login', { login: 'guest-200', password: 'wonderland', csrf: 'A'.repeat(43) }],
    ['/authorize/decide', { handle: 'A'.repeat(200), decision: 'approve' }],
  ]) {
    await page.goto(applications.posting(`${server.origin}${path}`, fields));
    await page.getByRole('button', { name: 'Win a prize' }).click();
    await page.locator('body.page-error, body.page-login, body.page-logged-out').waitFor();
  }
  await visitor.account();
  await seesHeading(page, 'Connected apps');
  await page.getByText(visitor.user).waitFor();
  await page.getByRole('heading', { name: 'Looking-Glass Portal' }).waitFor();
});

story('cookies are out of reach for scripts and other sites, and end with the browser', async (visitor) => {
  const { page, context, server } = visitor;
  await visitor.connectFully('portal');
  const cookies = await context.cookies(server.origin);
  assert.deepEqual(cookies.map((cookie) => cookie.name).sort(), [
    'grantsmith',
    'grantsmith-form',
    'grantsmith-session',
  ]);
  for (const { name, httpOnly, sameSite, expires, path, domain } of cookies) {
    assert.deepEqual(
      { httpOnly, sameSite, expires, path, domain },
      { httpOnly: true, sameSite: 'Lax', expires: -1, path: '/', domain: 'localhost' },
      name,
    );
  }
  await visitor.account();
  if (hasScripts) assert.equal(await page.evaluate(() => document.cookie), '');
});

story('a new login gets a new session, so a planted one is worth nothing', async (visitor) => {
  const { page, context, server } = visitor;
  const planted = 'A'.repeat(43);
  await context.addCookies([{ name: 'grantsmith-session', value: planted, url: server.origin }]);
  await visitor.account();
  await visitor.signIn();
  await seesHeading(page, 'Connected apps');
  const [session] = (await context.cookies(server.origin)).filter((cookie) => cookie.name === 'grantsmith-session');
  assert.notEqual(session.value, planted);
});

story('the application does not learn where the person came from', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await visitor.signIn();
  const request = page.waitForRequest('**/portal/callback?**');
  await visitor.allow();
  assert.equal(await (await request).headerValue('referer'), null);
  await visitor.isBack();
});

// The policy of the page, as directives with their values. Asks for the page again.
async function policyOf(page) {
  const response = await page.reload();
  const header = await response.headerValue('content-security-policy');
  const directives = header.split('; ').map((directive) => directive.split(/ (.*)/));
  return new Map(directives.map(([name, value]) => [name, value]));
}
