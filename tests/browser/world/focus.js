// Where the keyboard is, as a person sees it and as a screen reader says it.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

// What has the focus once something has: a browser moves it to the field that a page names only when it draws the page.
export async function focused(page) {
  const deadline = Date.now() + patience;
  for (;;) {
    const here = await current(page);
    if (!here.isNothing || Date.now() > deadline) return here;
    await setTimeout(50);
  }
}

// The name, role, description and state of what has the focus, from the browser's accessibility tree.
async function current(page) {
  const protocol = await page.context().newCDPSession(page);
  try {
    const evaluate = async (expression) => (await protocol.send('Runtime.evaluate', { expression })).result;
    const isNothing = (await evaluate('[null, document.body].includes(document.activeElement)')).value;
    const result = await evaluate('document.activeElement ?? document.body');
    const { nodes } = await protocol.send('Accessibility.getPartialAXTree', {
      objectId: result.objectId,
      fetchRelatives: false,
    });
    const [node] = nodes;
    const property = (name) => node.properties?.find((one) => one.name === name)?.value.value;
    return {
      isNothing,
      role: node.role?.value,
      name: node.name?.value,
      description: node.description?.value,
      invalid: property('invalid'),
      checked: property('checked'),
    };
  } finally {
    await protocol.detach();
  }
}

// Fails unless a person can see where the keyboard is.
export async function assertFocusIsVisible(page) {
  const outline = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return { style: style.outlineStyle, width: parseFloat(style.outlineWidth) };
  });
  assert.notEqual(outline.style, 'none', 'what has the focus has no outline');
  // Where a page says nothing, the browser draws an outline of its own.
  assert.ok(
    outline.style === 'auto' || outline.width >= 2,
    `the outline of what has the focus is ${outline.width}px wide`,
  );
}

// Presses Tab until the element of that name has the focus. Answers the names on the way, with it.
export async function tabTo(page, name) {
  const names = [];
  while (names.length < mostStops) {
    await page.keyboard.press('Tab');
    const here = await current(page);
    names.push(here.name);
    if (here.name === name) {
      await assertFocusIsVisible(page);
      return names;
    }
  }
  assert.fail(`the keyboard did not reach ${name}, only ${names.join(', ')}`);
}

const mostStops = 30;
// Milliseconds.
const patience = 5000;
