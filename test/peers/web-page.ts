/**
 * A page in headless Chromium, driven over its debugging pipe: what a person would type, press and see. It can stand in another network.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWith } from './children.ts';
import type { Cleanup } from './cleanup.ts';

export interface WebPageOptions {
  /** Command that it is run by. */
  readonly enter?: readonly string[];
  /** Address of every host but these. */
  readonly allHostsAre?: string;
  readonly but?: readonly string[];
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
}

export interface WebPage {
  /** Resolves when the page that it leads to is there. */
  open(url: string): Promise<void>;
  fill(name: string, text: string): Promise<void>;
  /** Presses the button of the page's form. */
  press(): Promise<void>;
  url(): Promise<string>;
  /** Resolves when its text is like that: a page may lead on to another by itself. */
  shows(what: RegExp): Promise<void>;
  /** What an expression gives there, as JSON has it. */
  evaluate<T>(expression: string): Promise<T>;
  /** The screen from now on. */
  view(view: View): Promise<void>;
  /** A picture, into GATEHOUSE_SHOTS where that names a folder. */
  shoot(name: string): Promise<Buffer>;
}

const PATIENCE_MS = 60_000;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable',
  '--remote-debugging-pipe',
];

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export async function openWebPage(
  t: Cleanup,
  { enter = [], allHostsAre, but = [] }: WebPageOptions = {},
): Promise<WebPage> {
  const folder = mkdtempSync(join(tmpdir(), 'chromium-'));
  t.after(async () => {
    // Chromium's helpers write on for a moment after it has gone.
    for (let tries = 0; tries < 50; tries++, await sleep(100)) {
      try {
        return rmSync(folder, { recursive: true, force: true });
      } catch {}
    }
  });
  const rules = allHostsAre && `MAP * ${allHostsAre}${but.map((host) => `, EXCLUDE ${host}`).join('')}`;
  const words = [...enter, 'chromium', ...FLAGS, `--user-data-dir=${folder}`];
  if (rules) words.push(`--host-resolver-rules=${rules}`);
  const browser = endWith(
    t,
    spawn(words[0]!, [...words.slice(1), 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] }),
  );
  const [toBrowser, fromBrowser] = [browser.stdio[3] as Writable, browser.stdio[4] as Readable];
  toBrowser.on('error', () => {});

  const answers = new Map<number, (message: Message) => void>();
  let loads = 0;
  let onLoad: (() => void) | undefined;
  let left = '';
  fromBrowser.setEncoding('utf8').on('data', (piece: string) => {
    const messages = (left + piece).split('\0');
    left = messages.pop()!;
    for (const text of messages) hear(JSON.parse(text) as Message);
  });

  function hear(message: Message): void {
    if (message.id !== undefined) answers.get(message.id)?.(message);
    else if (message.method === 'Page.loadEventFired') {
      loads++;
      onLoad?.();
    }
  }

  let lastId = 0;
  let sessionId: string | undefined;
  async function tell<T>(method: string, params: object = {}): Promise<T> {
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<Message>();
    answers.set(id, resolve);
    toBrowser.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
    const { result, error } = await inTime(promise, method);
    answers.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  /** Does something that leads to another page, and waits until that is there. */
  async function andLoad(act: () => Promise<unknown>): Promise<void> {
    const before = loads;
    const loaded = new Promise<void>((resolve) => {
      onLoad = () => loads > before && resolve();
    });
    await act();
    await inTime(loaded, 'a page to load');
  }

  async function evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await tell<{ result: { value: T }; exceptionDetails?: { text: string } }>(
      'Runtime.evaluate',
      { expression, returnByValue: true },
    );
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  const { targetId } = await tell<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const attached = await tell<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  sessionId = attached.sessionId;
  await tell('Page.enable');

  return {
    open: (url) => andLoad(() => tell('Page.navigate', { url })),
    async fill(name, text) {
      await evaluate(`document.getElementsByName(${JSON.stringify(name)})[0].value = ${JSON.stringify(text)}`);
    },
    press: () => andLoad(() => evaluate(`document.querySelector('button, [type=submit]').click()`)),
    url: () => evaluate('location.href'),
    async shows(what) {
      let text = '';
      for (const end = Date.now() + PATIENCE_MS; !what.test(text); await sleep(100)) {
        if (Date.now() > end) throw new Error(`chromium: no ${what} in ${text}`);
        // Between two pages there is none to ask.
        text = await evaluate<string>('document.body.innerText').catch(() => '');
      }
    },
    evaluate,
    async view({ width, height, dark }) {
      await tell('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: true });
      const value = dark ? 'dark' : 'light';
      await tell('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    },
    async shoot(name) {
      const { data } = await tell<{ data: string }>('Page.captureScreenshot', { format: 'png' });
      const picture = Buffer.from(data, 'base64');
      if (process.env.GATEHOUSE_SHOTS) writeFileSync(join(process.env.GATEHOUSE_SHOTS, `${name}.png`), picture);
      return picture;
    },
  };
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`chromium: no answer to ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
