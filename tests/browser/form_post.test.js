// Responses that the browser posts to the application.

import assert from 'node:assert/strict';

import { hasScripts, seesHeading, story } from './world/index.js';

story('the answer is posted: by itself, or at a click where there is no JavaScript', async (visitor) => {
  const { applications } = visitor;
  await visitor.connect('portal', { response_mode: 'form_post' });
  await visitor.signIn();
  await visitor.allow();
  const received = await isPosted(visitor, 'Connected');
  assert.deepEqual([received.client, received.method], ['portal', 'POST']);
  assert.equal((await applications.redeem(received)).token_type, 'Bearer');
});

story('a denial is posted too', async (visitor) => {
  await visitor.connect('portal', { response_mode: 'form_post' });
  await visitor.signIn();
  await visitor.deny();
  const { method, params } = await isPosted(visitor, 'Not connected');
  assert.deepEqual([method, params.error, params.code], ['POST', 'access_denied', undefined]);
});

story('nothing of the answer is in the address', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal', { response_mode: 'form_post' });
  await visitor.signIn();
  await visitor.allow();
  await isPosted(visitor, 'Connected');
  assert.equal(new URL(page.url()).search, '');
});

story('the back button after a posted answer does not post it again', async (visitor) => {
  const { page, applications } = visitor;
  await visitor.connect('portal', { response_mode: 'form_post' });
  await visitor.signIn();
  await visitor.allow();
  await applications.redeem(await isPosted(visitor, 'Connected'));
  const before = applications.received.length;
  await page.goBack().catch(() => {});
  await page.waitForTimeout(500);
  assert.equal(applications.received.length, before);
});

async function isPosted(visitor, heading) {
  if (!hasScripts) await visitor.page.getByRole('button', { name: 'Continue' }).click();
  await seesHeading(visitor.page, heading);
  return visitor.isBack(heading);
}
