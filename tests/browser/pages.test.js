// Each page once: pictures of it in light and dark, wide and narrow; that nothing sticks out of a narrow window; and
// that axe finds no barrier. axe is a script, and the pages look the same without scripts: there, one picture is enough.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { clients, hasScripts, pictures, seesHeading, story } from './world/index.js';

story('logging in', async (visitor) => {
  const { page } = visitor;
  await visitor.connect('portal');
  await isGood(visitor, 'login', 'Sign in');
  await visitor.signIn(page, { word: 'wrong' });
  await page.getByRole('alert').waitFor();
  await isGood(visitor, 'login-wrong', 'Sign in');
  await page.getByRole('link', { name: 'Cancel' }).click();
  await isGood(visitor, 'login-cancelled', 'Nothing was shared');
  await visitor.account();
  await isGood(visitor, 'login-without-application', 'Sign in');
});

story('the question', async (visitor) => {
  await visitor.connect('portal');
  await visitor.signIn();
  await isGood(visitor, 'consent', 'Allow Looking-Glass Portal?');
  await visitor.connect('notebook', { scope: 'notes:read' });
  await isGood(visitor, 'consent-one-permission', 'Allow Notebook?');
  await visitor.connect('stranger');
  await isGood(visitor, 'consent-unverified', `Allow ${clients.stranger.name}?`);
  await visitor.connect('hostile');
  await isGood(visitor, 'consent-long-name', `Allow ${clients.hostile.name}?`);
});

story('logging in again, and choosing an account', async (visitor) => {
  await visitor.connectFully('printer');
  await visitor.connect('printer', { prompt: 'login' });
  await isGood(visitor, 'login-again', 'Sign in again');
  await visitor.connect('printer', { prompt: 'select_account' });
  await isGood(visitor, 'choose', 'Choose an account');
});

story('the account', async (visitor) => {
  const { page, applications } = visitor;
  await visitor.account();
  await visitor.signIn();
  await isGood(visitor, 'account-empty', 'Connected apps');
  for (const client of ['portal', 'printer', 'hostile']) {
    await visitor.connect(client);
    const remember = page.getByRole('checkbox', { name: /^Remember/ });
    if (client === 'portal') await remember.check();
    await visitor.allow();
    await applications.redeem(await visitor.isBack());
  }
  await visitor.account();
  await isGood(visitor, 'account', 'Connected apps');
  await page.getByRole('button', { name: 'Disconnect Looking-Glass Portal' }).click();
  await page.getByRole('status').waitFor();
  await isGood(visitor, 'account-disconnected', 'Connected apps');
  await page.goto(`${visitor.server.origin}/logout`);
  await isGood(visitor, 'logout', 'Sign out?');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await isGood(visitor, 'logged-out', 'You are signed out');
});

story('errors', async (visitor) => {
  const { page, server, applications } = visitor;
  await page.goto(applications.request(server, 'nobody'));
  await isGood(visitor, 'error', 'This request cannot be answered');
  await page.goto(applications.request(server, 'stranger', { scope: 'everything' }));
  await isGood(visitor, 'error-onward', 'This request failed');
  await page.goto(`${server.origin}/nowhere`);
  await isGood(visitor, 'error-no-such-page', 'There is no such page');
});

if (!hasScripts) {
  story('the page that posts the answer', async (visitor) => {
    const { page } = visitor;
    await visitor.connect('portal', { response_mode: 'form_post' });
    await visitor.signIn();
    await visitor.allow();
    await page.getByRole('button', { name: 'Continue' }).waitFor();
    await isGood(visitor, 'form-post', 'One more step');
  });
}

// Takes the pictures, and fails if the page cannot be used by everybody.
async function isGood({ page }, name, heading) {
  await seesHeading(page, heading);
  for (const [width, size] of Object.entries(widths)) {
    if (!hasScripts && width === 'wide') continue;
    await page.setViewportSize(size);
    const excess = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(excess <= 0, `${name} sticks out of a window ${size.width} wide by ${excess}`);
    for (const colorScheme of hasScripts ? ['light', 'dark'] : ['light']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      if (hasScripts && width === 'wide') await hasNoBarriers(page, `${name}, ${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(widths.wide);
}

async function hasNoBarriers(page, name) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
  assert.deepEqual(found, [], name);
  assert.ok(passes.length > 10, `axe looked at nothing on ${name}`);
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// The narrow one is what is left of a small screen at 400%.
const widths = { wide: { width: 1000, height: 760 }, narrow: { width: 320, height: 640 } };
