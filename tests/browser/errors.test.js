// Requests that cannot be answered: the person is told, in words that say what to do, and is not sent anywhere.

import assert from 'node:assert/strict';

import { sees, seesHeading, story } from './world/index.js';

story('a request that is not right stops here', async (visitor) => {
  const { page, server, applications } = visitor;
  const before = applications.received.length;
  for (const wrong of [{ client_id: 'nobody' }, { redirect_uri: 'https://evil.example/callback' }]) {
    await page.goto(applications.request(server, 'portal', wrong));
    await seesHeading(page, 'This request cannot be answered');
    assert.equal(await page.getByRole('link').count(), 0);
  }
  assert.equal(applications.received.length, before);
});

story('a request that failed for another reason goes back, after the person has logged in', async (visitor) => {
  await visitor.connect('portal', { scope: 'everything' });
  await visitor.signIn();
  const { params } = await visitor.isBack('Not connected');
  assert.equal(params.error, 'invalid_scope');
});

story('a failed request of an application that nobody verified leads on by a click only', async (visitor) => {
  const { page, applications } = visitor;
  await visitor.connect('stranger', { scope: 'everything' });
  await seesHeading(page, 'This request failed');
  const host = new URL(applications.origin).host;
  await page.getByRole('link', { name: `Go on to ${host}` }).click();
  const { params } = await visitor.isBack('Not connected');
  assert.equal(params.error, 'invalid_scope');
});

story('the same with a posted answer', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('stranger', { scope: 'everything', response_mode: 'form_post' });
  await seesHeading(page, 'This request failed');
  await page.getByRole('button', { name: /^Go on to / }).click();
  const { method } = await visitor.isBack('Not connected');
  assert.equal(method, 'POST');
});

story('a link that was cut off, and an address with a typing error, say so', async (visitor) => {
  const { page, server } = visitor;
  await page.goto(`${server.origin}/authorize/resume?handle=half`);
  await seesHeading(page, 'This request is not known');
  await sees(page, 'Go back to the application and start again');
  await page.goto(`${server.origin}/acount`);
  await seesHeading(page, 'There is no such page');
});
