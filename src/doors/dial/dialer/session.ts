/**
 * What has the line after the login: pppd, or the terminal of the person.
 *
 * pppd gets the line as its standard input, as KPPP gives it. Where it was told to ask for a call back, it ends with 14 when the other side agreed;
 * the call back then goes to a second pppd. Error: DIAL_PPPD. Source: pppd(8), exit status.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { GatehouseError } from '../../../platform/errors.ts';
import { InterfaceWatch, type Traffic } from './interface.ts';
import type { CallPlan } from './plan.ts';
import { pppdArguments } from './pppd.ts';
import { type Ended, runCommand, runOnLine, says } from './run-program.ts';

const CALLS_BACK = 14;
/** Ended by the person, a time limit, silence, or the other side: a call that is over. */
const OVER: ReadonlySet<number | null> = new Set([0, 5, 12, 13, 16]);
const MEANING: Readonly<Record<number, string>> = {
  1: 'a fatal error of the system',
  2: 'options that cannot be',
  3: 'it has not the rights that it needs',
  4: 'the kernel has no PPP',
  6: 'the line is locked by another program; take `lock` out of its options',
  7: 'the line could not be opened',
  10: 'nothing was agreed with the other side',
  11: 'the other side did not prove who it is: a host that is called need not, with `noauth` in the setting pppd',
  15: 'the other side was silent',
  17: 'the line sends back what is sent: the login did not come to an end',
  19: 'the other side did not accept name and password',
  126: 'it could not be started',
  127: 'there is no such program',
};

export interface PppdParts {
  readonly plan: CallPlan;
  readonly signal: AbortSignal;
  /** The line is lost. */
  readonly ended: AbortSignal;
  readonly isCallBack: boolean;
  progress(text: string): void;
  started(pid: number): void;
  /** What went over its interface, when it has ended. */
  counted(traffic: Traffic): void;
  /** /sys/class/net. */
  readonly interfaces: string;
}

/** `called back`: the other side agreed to call. */
export async function runPppd(parts: PppdParts): Promise<'over' | 'called back'> {
  const { plan, signal, ended, isCallBack, progress } = parts;
  const { settings, modem } = plan;
  const stop = new AbortController();
  const words = [settings.pppd_program, ...pppdArguments(settings, modem, isCallBack)];
  const polite = () =>
    void runCommand('before_disconnect', settings.before_disconnect)
      .catch((error: Error) => progress(error.message))
      .finally(() => stop.abort());
  // pppd notices it by itself, or not at all.
  const lost = () => void delay(5000, undefined, { ref: false }).then(() => stop.abort());
  signal.addEventListener('abort', polite);
  ended.addEventListener('abort', lost);
  progress(`pppd has the line: ${words.join(' ')}`);
  const watch = new InterfaceWatch(parts.interfaces, settings.pppd_seconds * 1000, (name) => {
    progress(`${name} is up`);
    runCommand('on_connect', settings.on_connect, stop.signal).catch((error: Error) => progress(error.message));
  });
  try {
    if (signal.aborted) polite();
    return judge(await runOnLine(modem.device, words, { signal: stop.signal, started: parts.started }));
  } finally {
    signal.removeEventListener('abort', polite);
    ended.removeEventListener('abort', lost);
    stop.abort();
    watch.end();
    parts.counted(watch.traffic);
  }

  function judge({ exitCode, said }: Ended): 'over' | 'called back' {
    if (exitCode === CALLS_BACK && !isCallBack && plan.callBack === 'ppp') return 'called back';
    if (OVER.has(exitCode) || signal.aborted || stop.signal.aborted) return 'over';
    const why = (exitCode !== null && MEANING[exitCode]) || 'see its log';
    throw new GatehouseError('DIAL_PPPD', `${settings.pppd_program} ended with ${exitCode}: ${why}${says(said)}`, {
      hint: `what it was given: ${words.slice(1).join(' ')}`,
    });
  }
}
