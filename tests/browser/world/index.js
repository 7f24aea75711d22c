// What all tests share: one browser, one server, one set of applications. Each story gets a visitor of its own.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

import { Applications } from './applications.js';
import { guest } from './config.js';
import { Server } from './server.js';
import { Visitor } from './visitor.js';

export { clients } from './clients.js';
export { sees, seesHeading } from './visitor.js';

// With JavaScript, or without: the stories are the same.
export const hasScripts = process.env.GRANTSMITH_JAVASCRIPT !== 'off';
// Where pictures go.
export const pictures = process.env.GRANTSMITH_PICTURES ?? 'pictures';

export const world = { guests: 0 };

before(async () => {
  await mkdir(pictures, { recursive: true });
  world.applications = await Applications.open();
  world.server = await Server.start({ clientOrigin: world.applications.origin });
  world.applications.server = world.server;
  // Chromium refuses to sandbox itself for root.
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  world.browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
});

after(async () => {
  await world.browser?.close();
  await world.server?.stop();
  await world.applications?.close();
});

// A test about one visitor. It fails if the browser complained about a page and the story did not ask for it. `more` is
// what else is said about the visitor's browser.
export function story(name, tell, more = {}) {
  test(name, { timeout: 120_000 }, async () => {
    const visitor = await arrive({ more });
    try {
      await tell(visitor);
      assert.deepEqual(visitor.complained(), [], 'the browser complained');
    } catch (error) {
      await visitor.page.screenshot({ path: join(pictures, `failed: ${name}.png`) }).catch(() => {});
      throw error;
    } finally {
      await visitor.leave();
    }
  });
}

// Somebody with a name of their own.
export function arrive(more = {}) {
  world.guests += 1;
  const { browser, server, applications } = world;
  return Visitor.arrive({ browser, server, applications, user: guest(world.guests), hasScripts, ...more });
}
