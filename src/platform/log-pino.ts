/**
 * The log of a running server, on standard error: JSON lines (pino's format, level as a word, ISO time) for journald and
 * machines, readable lines on a terminal.
 *
 * In readable lines control characters are written as escapes, since names and messages come from the network.
 */
import { styleText } from 'node:util';
import { destination, pino } from 'pino';
import type { Log } from './log.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  level: LogLevel;
  /** Readable lines; default: whether standard error is a terminal. */
  readable?: boolean;
  /** Where to; default: standard error. */
  write?: (line: string) => void;
  now?: () => Date;
}

/** The first of a server's logs, for itself and its children. */
export interface RootLog extends Log {
  setLevel(level: LogLevel): void;
}

/** The least that is written, one for a log and all its children. */
class Threshold {
  #lowest = 0;

  constructor(level: LogLevel) {
    this.set(level);
  }

  set(level: LogLevel): void {
    this.#lowest = LOG_LEVELS.indexOf(level);
  }

  passes(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#lowest;
  }
}

export function createLog(options: LogOptions): RootLog {
  const readable = options.readable ?? process.stderr.isTTY === true;
  const threshold = new Threshold(options.level);
  const log = readable ? readableLog(options, threshold, undefined) : jsonLog(options, threshold);
  return { ...log, setLevel: (level) => threshold.set(level) };
}

function jsonLog(options: LogOptions, threshold: Threshold): Log {
  const { write } = options;
  // Synchronous: the last lines before a crash are the ones that matter, and a server at rest writes few.
  const stream = write ? { write } : destination({ dest: 2, sync: true });
  // Whoever read the log has gone; that is no reason to stop serving.
  if ('on' in stream) stream.on('error', () => {});
  const base = { level: LOG_LEVELS[0], base: { pid: process.pid }, messageKey: 'message' };
  const time = () => `,"time":"${(options.now?.() ?? new Date()).toISOString()}"`;
  return wrap(
    pino({ ...base, timestamp: time, formatters: { level: (label) => ({ level: label }) } }, stream),
    threshold,
  );
}

function wrap(logger: ReturnType<typeof pino>, threshold: Threshold): Log {
  const at = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    if (threshold.passes(level)) logger[level](fields ?? {}, message);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (part) => wrap(logger.child({ part }), threshold),
  };
}

const COLOUR = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const;

function readableLog(options: LogOptions, threshold: Threshold, part: string | undefined): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const at = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    if (!threshold.passes(level)) return;
    const time = (options.now?.() ?? new Date()).toTimeString().slice(0, 8);
    const word = styleText(COLOUR[level], level.padEnd(5), { stream: process.stderr });
    const said = Object.entries(fields ?? {}).map(([name, value]) => ` ${name}=${printable(value)}`);
    write(`${time} ${word} ${part ? `${part}: ` : ''}${escaped(message)}${said.join('')}\n`);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (name) => readableLog(options, threshold, name),
  };
}

function printable(value: unknown): string {
  if (typeof value === 'string') return /^[\x21\x23-\x7e]+$/.test(value) ? value : escaped(JSON.stringify(value));
  return escaped(value instanceof Error ? value.message : (JSON.stringify(value) ?? 'undefined'));
}

function escaped(text: string): string {
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
