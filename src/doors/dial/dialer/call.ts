/**
 * One connection from beginning to end: command before, lock, what a killed call left behind, modem, numbers, login, call back, pppd or terminal, and back
 * again. Whatever ends it, the line is hung up, the modem put back (S0=0, &C1), lines in files of the system taken out, the lock let go and the call logged.
 *
 * Errors: those of line, modem, script and the parts of this folder.
 */
import { join } from 'node:path';
import { describeError, GatehouseError } from '../../../platform/errors.ts';
import { LINE_ENDS } from '../account/settings.ts';
import { lockLine } from '../line/lock.ts';
import type { LineLock } from '../line/types.ts';
import { openModem } from '../modem/modem.ts';
import type { Call, Modem, ModemStrings } from '../modem/types.ts';
import { Credential } from '../script/credential.ts';
import { type Question, runScript } from '../script/run.ts';
import { logCall } from './call-log.ts';
import { type CallNote, CallNotes, tidyUp } from './left-over.ts';
import { callBack, dialOut } from './legs.ts';
import type { CallPlan } from './plan.ts';
import { runCommand } from './run-program.ts';
import { runPppd } from './session.ts';
import { modemStrings } from './strings.ts';
import { putLines, removeLines, secretsWord } from './tagged-lines.ts';

export interface CallWorld {
  /** Notes and logs of calls. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Undefined: nobody is there. */
  ask(question: Question, signal: AbortSignal): Promise<string | undefined>;
  /** The line is the person's until that has enough, or the line is lost. `rest`: what came already. */
  terminal(call: Call, rest: string): Promise<void>;
  save(password: string): void;
  progress(text: string): void;
  /** What was said on the line. */
  detail(text: string): void;
  /** For tests. */
  readonly strings?: Partial<ModemStrings>;
  readonly lockDirectory?: string;
  readonly systemRoot?: string;
}

export async function makeCall(plan: CallPlan, world: CallWorld): Promise<void> {
  await runCommand('before_connect', plan.settings.before_connect, world.signal);
  const notes = new CallNotes(world.folder);
  const lock = await lockOf(plan, world);
  try {
    await mend(notes, plan, world);
    await onModem(plan, world, notes);
  } finally {
    lock?.release();
  }
}

async function lockOf(
  { modem }: CallPlan,
  { signal, lockDirectory, progress }: CallWorld,
): Promise<LineLock | undefined> {
  if (!modem.lock) return undefined;
  return lockLine(modem.device, {
    waitMs: modem.lock_wait_seconds * 1000,
    signal,
    ...(lockDirectory === undefined ? {} : { lockDirectory }),
    onWait: (holder) => progress(`${modem.device} is locked by ${holder}; waiting`),
  });
}

/** What killed calls left. A modem at another port is put back too, unless somebody has it now. */
async function mend(notes: CallNotes, plan: CallPlan, world: CallWorld): Promise<void> {
  for (const note of notes.left()) {
    world.progress(
      `a call of ${note.account} at ${note.device} was killed, or could not put back its modem; putting things back`,
    );
    await tidyUp(note);
    let lock: LineLock | undefined;
    try {
      if (note.device !== plan.modem.device)
        lock = await lockOf({ ...plan, modem: { ...plan.modem, device: note.device, lock_wait_seconds: 0 } }, world);
      await (await openModem(note.device, note.strings)).close();
      notes.remove(note.device);
    } catch (error) {
      world.progress(describeError(error));
    } finally {
      lock?.release();
    }
  }
}

/** The note stays only where the modem could not be put back. */
async function onModem(plan: CallPlan, world: CallWorld, notes: CallNotes): Promise<void> {
  const { device } = plan.modem;
  const strings = { ...modemStrings(plan.modem), ...world.strings };
  const modem = await openModem(device, strings);
  const note: CallNote = { pid: process.pid, device, account: plan.account, strings, started: Date.now(), files: [] };
  const keep = () => notes.write(note);
  keep();
  let fault: unknown;
  try {
    world.progress('preparing the modem');
    await modem.init();
    if (world.signal.aborted) throw new GatehouseError('DIAL_CANCELLED', 'broken off');
    await connection(plan, world, modem, note, keep);
  } catch (error) {
    fault = error;
  }
  world.progress('hanging up');
  for (const file of note.files.splice(0)) removeLines(file);
  try {
    await modem.close();
    notes.remove(device);
  } catch (error) {
    if (fault === undefined) throw error;
    world.progress(describeError(error));
  }
  if (fault !== undefined) throw fault;
}

async function connection(
  plan: CallPlan,
  world: CallWorld,
  modem: Modem,
  note: CallNote,
  keep: () => void,
): Promise<void> {
  const { settings } = plan;
  const parts = { plan, modem, signal: world.signal, progress: world.progress };
  let call = await dialOut(parts);
  let legs = 1;
  const traffic = { received: 0, sent: 0 };
  const started = Date.now();
  try {
    const rest = await login();
    if (settings.after_login === 'terminal') await world.terminal(call, rest);
    else await ppp();
  } finally {
    const ended = Date.now();
    const currency = plan.tariff?.currency ?? '';
    const costs = plan.tariff?.costs(started, ended) ?? 0;
    const total = logCall(world.folder, { account: plan.account, currency, started, ended, costs, ...traffic });
    if (plan.tariff) {
      const amount = (value: number) => `${value.toFixed(plan.tariff!.digits)} ${currency}`;
      world.progress(`the call cost ${amount(costs)}; all calls of ${plan.account} so far: ${amount(total)}`);
    }
    await runCommand('after_disconnect', settings.after_disconnect).catch((error) =>
      world.progress(describeError(error)),
    );
  }

  async function nextLeg(): Promise<Call> {
    legs += 1;
    call = await callBack(parts, call);
    return call;
  }

  /** What came behind the last that the script waited for. */
  async function login(): Promise<string> {
    if (settings.authentication === 'terminal') {
      await world.terminal(call, '');
      return '';
    }
    if (settings.authentication !== 'script') return '';
    const { rest } = await runScript(call, {
      lines: plan.script,
      user: new Credential(settings.user, settings.id_policy),
      password: new Credential(settings.password, settings.password_policy),
      lineEnd: LINE_ENDS[settings.line_end ?? plan.modem.line_end],
      sevenBit: settings.seven_bit,
      timeoutMs: plan.modem.timeout_seconds * 1000,
      promptMs: settings.prompt_seconds * 1000,
      signal: world.signal,
      hangUp: () => modem.hangUp(),
      nextLeg: async (why) => {
        const awaited = why === 'answer' || (plan.callBack !== 'none' && plan.callBack !== 'ppp');
        return awaited && legs === 1 ? nextLeg() : undefined;
      },
      ask: world.ask,
      save: (password) => {
        if (settings.store_password) world.save(password);
      },
      show: (what, text) => (what === 'command' ? world.progress(text) : world.detail(text)),
    });
    return rest;
  }

  async function ppp(): Promise<void> {
    putSystemLines(plan, world, note, keep);
    for (;;) {
      call.listen(undefined);
      const outcome = await runPppd({
        ...{ plan, signal: world.signal, ended: call.ended, isCallBack: legs > 1, progress: world.progress },
        started: (pid) => {
          note.program = { pid, name: settings.pppd_program };
          keep();
        },
        counted({ received, sent }) {
          traffic.received += received;
          traffic.sent += sent;
        },
        interfaces: join(world.systemRoot ?? '/', 'sys/class/net'),
      });
      note.program = undefined;
      if (outcome === 'over') return;
      // pppd has ended the conversation; the modem has still to hear that.
      await modem.hangUp();
      await nextLeg();
    }
  }
}

/** Name and password for pppd, and name servers. */
function putSystemLines({ settings }: CallPlan, world: CallWorld, note: CallNote, keep: () => void): void {
  const { authentication, user, password, dns, domain } = settings;
  const directory = join(world.systemRoot ?? '/', 'etc');
  const put = (file: string, lines: string[], mode = 0o600) => {
    note.files.push(file);
    keep();
    putLines(file, lines, mode);
  };
  if (password !== '' && (authentication.includes('pap') || authentication === 'chap')) {
    const line = `${secretsWord(user)} * ${secretsWord(password)}`;
    if (authentication !== 'chap') put(join(directory, 'ppp/pap-secrets'), [line]);
    if (authentication !== 'pap') put(join(directory, 'ppp/chap-secrets'), [line]);
  }
  const servers = [...(domain ? [`search ${domain}`] : []), ...dns.map((one) => `nameserver ${one}`)];
  if (servers.length > 0) put(join(directory, 'resolv.conf'), servers, 0o644);
}
