// A person with a browser of their own: cookies, tabs, and everything that the browser complains about.

import { clients } from './clients.js';
import { password } from './config.js';

export class Visitor {
  static async arrive({ browser, server, applications, user, hasScripts, more = {} }) {
    const visitor = new Visitor();
    Object.assign(visitor, { server, applications, user, complaints: [], documents: new Set() });
    visitor.context = await browser.newContext({
      javaScriptEnabled: hasScripts,
      viewport: { width: 1000, height: 760 },
      colorScheme: 'light',
      ...more,
    });
    visitor.context.setDefaultTimeout(patience);
    visitor.page = await visitor.tab();
    return visitor;
  }

  async tab() {
    const page = await this.context.newPage();
    page.on('response', (response) => {
      if (response.request().isNavigationRequest()) this.documents.add(response.url());
    });
    page.on('console', (message) => this.#heard(message));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    return page;
  }

  // The status of a page is no complaint; that of anything that a page loads is.
  #heard(message) {
    const isStatus = message.text().startsWith('Failed to load resource: the server responded with a status of');
    if (isStatus && this.documents.has(message.location().url)) return;
    if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
  }

  // What the browser complained about so far; asking forgets it.
  complained() {
    return this.complaints.splice(0);
  }

  // Goes to the server by the link of an application.
  async connect(client, more = {}, page = this.page) {
    await page.goto(this.applications.home(client, more));
    await page.getByRole('link', { name: 'Connect' }).click();
  }

  async signIn(page = this.page, { user = this.user, word = password } = {}) {
    await seesHeading(page, /^Sign in/);
    await page.getByLabel('User name').fill(user);
    await page.getByLabel('Password').fill(word);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async allow(page = this.page) {
    await page.getByRole('button', { name: 'Allow' }).click();
  }

  async deny(page = this.page) {
    await page.getByRole('button', { name: 'Deny' }).click();
  }

  // From an application through both pages and back: what it received.
  async connectFully(client, more = {}) {
    await this.connect(client, more);
    await this.signIn();
    await seesHeading(this.page, `Allow ${clients[client].name}?`);
    await this.allow();
    return this.isBack();
  }

  // Waits for the application's page, and answers what the application received with it.
  async isBack(heading = 'Connected', page = this.page) {
    await seesHeading(page, heading);
    const number = await page.locator('data').getAttribute('value');
    return this.applications.received[Number(number) - 1];
  }

  async account(page = this.page) {
    await page.goto(`${this.server.origin}/account`);
  }

  async leave() {
    await this.context.close();
  }
}

// Waits until the page is the one with this heading.
export async function seesHeading(page, name) {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

// Waits until the page shows these words.
export async function sees(page, text) {
  await page.getByText(text).first().waitFor();
}

// Milliseconds. Only a test that fails waits for so long.
const patience = 10_000;
