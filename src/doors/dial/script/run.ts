/**
 * Runs a login script against the other side of a connected line.
 *
 * Each command has its own time (`timeoutMs`, later what Timeout says); a question to the person has another (`promptMs`). Expect
 * finds plain text wherever it stands, also in what came before; everything up to it is used up. A line that is lost ends the script,
 * save where `nextLeg` gives another call: the call back begins with nothing received, and the script goes on where it stood.
 *
 * Errors: DIAL_SCRIPT_TIMEOUT, DIAL_SCRIPT_LOOPS, DIAL_CARRIER_LOST, DIAL_PROMPT, DIAL_CANCELLED; each names line and words.
 * Source: the commands are KPPP's.
 */
import { GatehouseError } from '../../../platform/errors.ts';
import type { Credential } from './credential.ts';
import { asksPassword, formatLine, MOST_LOOPS, type ScriptLine } from './lines.ts';
import { Received } from './received.ts';

/** A connection as a script sees it. */
export interface Leg {
  write(bytes: Uint8Array): void;
  listen(onBytes: ((bytes: Buffer) => void) | undefined): void;
  readonly ended: AbortSignal;
}

export interface Question {
  readonly label: string;
  /** Nothing of what is typed may be seen. */
  readonly hidden: boolean;
}

export interface ScriptOptions {
  readonly lines: readonly ScriptLine[];
  readonly user: Credential;
  readonly password: Credential;
  /** After every Send. */
  readonly lineEnd: string;
  readonly sevenBit: boolean;
  readonly timeoutMs: number;
  readonly promptMs: number;
  /** Times that a loop may come around. */
  readonly rounds?: number;
  readonly signal: AbortSignal;
  hangUp(): Promise<void>;
  /** The call that comes when this one has ended, for Answer and for a call back that is awaited; undefined: none is. */
  nextLeg(why: 'answer' | 'lost'): Promise<Leg | undefined>;
  /** Undefined: there is nobody to ask. */
  ask(question: Question, signal: AbortSignal): Promise<string | undefined>;
  /** A password that a host gave out. */
  save(password: string): void;
  /** Progress: the command about to run, and what came; secrets are not in it. */
  show(what: 'command' | 'received', text: string): void;
}

export interface ScriptEnd {
  readonly leg: Leg;
  /** What came after the last text that was waited for. */
  readonly rest: string;
}

const ROUNDS = 20;
/** Of what came during one command so much is shown. */
const MOST_SHOWN = 8192;

export async function runScript(first: Leg, options: ScriptOptions): Promise<ScriptEnd> {
  const { lines, user, password, signal } = options;
  const received = new Received(options.sevenBit);
  const loops: { next: number; text: string }[] = [];
  const secrets = new Set<string>();
  const lastSave = lines.findLastIndex(({ command }) => command === 'Save');
  let leg = first;
  let timeoutMs = options.timeoutMs;
  let scanned = '';
  let rounds = 0;
  let heard = '';
  let wake: () => void = () => {};
  let at = 0;
  let hungUp = false;
  listen();
  try {
    while (at < lines.length) {
      const line = lines[at++]!;
      noteSecrets();
      options.show('command', shown(line));
      await step(line);
      showHeard();
    }
    return { leg, rest: received.rest() };
  } finally {
    leg.listen(undefined);
    showHeard();
  }

  function listen(): void {
    leg.listen((bytes) => {
      heard += received.add(bytes);
      // Whole lines, so that no part of a secret stands alone.
      if (heard.length > MOST_SHOWN) heard = heard.slice(heard.lastIndexOf('\n') + 1).slice(0, MOST_SHOWN);
      wake();
    });
  }

  async function step(line: ScriptLine): Promise<void> {
    const { command, argument } = line;
    switch (command) {
      case 'Expect':
        return expect(argument);
      case 'Send':
      case 'SendNoEcho':
        return send(substitute(argument));
      case 'Pause':
        return pause(Number(argument) * 1000);
      case 'Timeout':
        timeoutMs = Number(argument) * 1000;
        return;
      case 'Hangup':
        hungUp = true;
        return options.hangUp();
      case 'Answer':
        return takeLeg(await options.nextLeg('answer'));
      case 'ID':
        return identify(user, { label: argument || 'Login name:', hidden: false });
      case 'Password':
        return identify(password, { label: argument || 'Password:', hidden: true });
      case 'Prompt':
        return send(await ask({ label: argument.replace('##', () => scanned), hidden: false }));
      case 'PWPrompt':
        return send(await ask({ label: argument, hidden: true }));
      case 'Scan':
        scanned = await until(() => received.scan(onWire(argument)), timeoutMs);
        return;
      case 'Save':
        secrets.add(scanned);
        password.replace(scanned);
        options.save(scanned);
        return;
      case 'LoopStart':
        await expect(argument);
        loops.push({ next: at, text: argument });
        if (loops.length > MOST_LOOPS) throw loopFault(`more than ${MOST_LOOPS} loops within each other`);
        return;
      case 'LoopEnd':
        return endLoop(argument);
    }
  }

  async function expect(text: string): Promise<void> {
    const wire = onWire(text);
    await until(() => received.take(wire) || undefined, timeoutMs);
  }

  /** Its own text goes on, that of LoopStart goes round. */
  async function endLoop(text: string): Promise<void> {
    const loop = loops.at(-1);
    if (loop === undefined) throw loopFault('LoopEnd without a LoopStart before it');
    const [end, again] = [onWire(text), onWire(loop.text)];
    if ((await until(() => received.takeFirst([end, again]), timeoutMs)) === end) {
      loops.pop();
      return;
    }
    const most = options.rounds ?? ROUNDS;
    if (++rounds > most) throw loopFault(`\`${loop.text}\` came ${most} times`);
    received.clear();
    at = loop.next;
  }

  async function identify(credential: Credential, question: Question): Promise<void> {
    const stored = credential.offer();
    if (stored !== undefined) return send(stored);
    const typed = await ask(question);
    credential.typed(typed);
    send(typed);
  }

  function substitute(text: string): string {
    return text.replaceAll(/%(USERNAME|PASSWORD)%/g, (_, name) => (name === 'USERNAME' ? user : password).value);
  }

  function send(text: string): void {
    if (leg.ended.aborted) throw lost();
    leg.write(Buffer.from(text + options.lineEnd, 'utf8'));
  }

  /** Waiting for the person ends with the line. */
  async function ask(question: Question): Promise<string> {
    const time = AbortSignal.timeout(options.promptMs);
    const ends = AbortSignal.any([signal, leg.ended, time]);
    const answer = await untilAborted(options.ask(question, ends), ends);
    if (signal.aborted) throw cancelled();
    if (answer === undefined) {
      if (leg.ended.aborted) throw lost();
      const why = time.aborted
        ? `nobody answered within ${options.promptMs / 1000} s`
        : 'there is no terminal to ask at';
      throw new GatehouseError('DIAL_PROMPT', `${place()}: ${why}`, {
        where: 'login script',
        hint: 'store the name and the password with the account, or send them with Send',
      });
    }
    if (question.hidden) secrets.add(answer);
    return answer;
  }

  async function pause(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (hungUp && !signal.aborted && performance.now() < end) await something(end - performance.now());
    await until(
      () => performance.now() >= end || undefined,
      ms,
      () => true,
    );
  }

  /** `expired`: what to give when the time is over; without it that is a fault. */
  async function until<Found>(find: () => Found | undefined, ms: number, expired?: () => Found): Promise<Found> {
    let end = performance.now() + ms;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (signal.aborted) throw cancelled();
      if (leg.ended.aborted) {
        takeLeg(await options.nextLeg('lost'));
        end = performance.now() + ms;
        continue;
      }
      const left = end - performance.now();
      if (left > 0) await something(left);
      else if (expired) return expired();
      else throw timedOut(ms);
    }
  }

  /** Until something came, the line ended, the time is over, or the person had enough. */
  async function something(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const { ended } = leg;
    wake = resolve;
    ended.addEventListener('abort', wake);
    signal.addEventListener('abort', wake);
    await promise;
    clearTimeout(timer);
    ended.removeEventListener('abort', wake);
    signal.removeEventListener('abort', wake);
  }

  function takeLeg(next: Leg | undefined): void {
    if (signal.aborted) throw cancelled();
    if (next === undefined) throw lost();
    leg.listen(undefined);
    leg = next;
    hungUp = false;
    received.clear();
    user.newLeg();
    password.newLeg();
    listen();
  }

  /** Texts are compared as the bytes that come. */
  function onWire(text: string): string {
    return Buffer.from(text, 'utf8').toString('latin1');
  }

  function shown(line: ScriptLine): string {
    const hidden = line.command === 'SendNoEcho' || (line.command === 'Send' && asksPassword(lines[at - 2]));
    if (hidden && line.argument !== '') secrets.add(line.argument);
    const text = hidden ? `${line.command} ***` : formatLine(line);
    return `${at}: ${masked(text)}`;
  }

  function noteSecrets(): void {
    if (password.value !== '') secrets.add(password.value);
  }

  function masked(text: string): string {
    let safe = text;
    for (const secret of secrets) {
      if (secret !== '') safe = safe.replaceAll(onWire(secret), '***');
    }
    return safe;
  }

  /** A password that is yet to be learned is hidden with all that comes until then. */
  function showHeard(): void {
    if (at <= lastSave) return;
    if (heard !== '') options.show('received', masked(heard));
    heard = '';
  }

  /** `line 5: Expect assword:` */
  function place(): string {
    return `line ${shown(lines[at - 1]!)}`;
  }

  function timedOut(ms: number): GatehouseError {
    const last = lastWords(masked(received.rest()));
    const came = last === '' ? 'nothing came' : `the last that came is \`${last}\``;
    return new GatehouseError('DIAL_SCRIPT_TIMEOUT', `${place()}: not within ${ms / 1000} s; ${came}`, {
      where: 'login script',
      hint: 'compare the text with what the other side says: gatehouse dial ACCOUNT --verbose shows it',
    });
  }

  function loopFault(why: string): GatehouseError {
    return new GatehouseError('DIAL_SCRIPT_LOOPS', `${place()}: ${why}`, { where: 'login script' });
  }

  function lost(): GatehouseError {
    const last = lastWords(masked(received.rest()));
    const before = last === '' ? '' : `; the last that came is \`${last}\``;
    return new GatehouseError('DIAL_CARRIER_LOST', `${place()}: the line was lost${before}`, { where: 'login script' });
  }

  function cancelled(): GatehouseError {
    return new GatehouseError('DIAL_CANCELLED', `${place()}: broken off`, { where: 'login script' });
  }
}

function lastWords(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(-60);
}

/** Whoever asks may be slow to notice that it is over. */
async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
