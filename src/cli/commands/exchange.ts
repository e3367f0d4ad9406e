/**
 * `gatehouse exchange`: virtual modems on pseudo terminals and a telephone exchange between them, until a signal.
 *
 * Lines on standard input do what happens to telephone lines: `noise 1 20`. Its end ends nothing.
 */
import { createInterface } from 'node:readline';
import { type Exchange, FIRST_NUMBER, startExchange, type TcpAddress } from '../../main/exchange.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';
import { reportError } from '../report.ts';
import { table } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  dir: string;
  lines: string;
  release: string;
  number?: readonly string[];
}

const MOST_LINES = 256;
const MOST_RELEASE_S = 3600;

const HELP = `show             what each line does
drop N           the call on line N fails
lift N, hang N   a telephone beside modem N: callers hear busy, a call stays up without the modem
cut N, mend N    the cable of line N: no dial tone, no ring
noise N X        of a thousand bytes on line N, X are spoilt; 0: none`;

export async function run(context: Context, options: Options): Promise<0> {
  const { io } = context;
  const json = context.options.json === true;
  const lines = wholeNumber('--lines', options.lines, 1, MOST_LINES);
  const exchange = await startExchange({
    directory: options.dir,
    lines,
    numbers: numbersOf(options.number ?? [], lines),
    releaseMs:
      options.release === 'never'
        ? Number.POSITIVE_INFINITY
        : 1000 * wholeNumber('--release', options.release, 0, MOST_RELEASE_S),
  });
  show();
  if (!json) io.err('A line typed here does what happens to telephones: try help. Ctrl-C stops the exchange.');
  const signal = new Promise<undefined>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve(undefined));
  });
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    try {
      obey(exchange, line.trim().split(/\s+/));
    } catch (error) {
      reportError(io, error, json);
    }
  });
  const failure = await Promise.race([signal, exchange.lost]);
  input.close();
  if (failure) throw failure;
  await exchange.close();
  return EXIT.ok;

  function show(): void {
    const lines = exchange.lines.map(({ name, number, path, state }) => ({ name, number, path, state }));
    if (json) io.out(JSON.stringify({ version: 1, lines }));
    else
      io.out(
        table(
          io,
          ['LINE', 'NUMBER', 'DEVICE', 'STATE'],
          lines.map(({ name, number, path, state }) => [name, number, path, state]),
        ),
      );
  }

  function obey(
    { lines, drop, telephone, cable, noise }: Exchange,
    [verb = '', which = '', value = '']: string[],
  ): void {
    if (verb === '') return;
    if (verb === 'show' || verb === 'help') {
      if (verb === 'show') show();
      else io.out(HELP);
      return;
    }
    const line = Number(which) - 1;
    const verbs: Readonly<Record<string, () => void>> = {
      drop: () => drop(line),
      lift: () => telephone(line, true),
      hang: () => telephone(line, false),
      cut: () => cable(line, true),
      mend: () => cable(line, false),
      noise: () => noise(line, wholeNumber('noise', value, 0, 1000)),
    };
    const action = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (action === undefined) throw said(`there is no \`${printable(verb)}\``);
    if (lines[line] === undefined) throw said(`there is no line \`${printable(which)}\``);
    action();
  }
}

/** `555=telnet://HOST:PORT`, each. */
function numbersOf(texts: readonly string[], lines: number): Map<string, TcpAddress> {
  const numbers = new Map<string, TcpAddress>();
  for (const text of texts) {
    const [, number = '', protocol, host = '', port = '23'] =
      /^([\d*#]{1,20})=(telnet|tcp):\/\/([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(text) ?? [];
    if (protocol === undefined) {
      const hint = 'such as 555=telnet://bbs.example.com or 556=tcp://127.0.0.1:7000';
      throw new GatehouseError('ARGUMENTS_INVALID', `\`${printable(text)}\` is no number with an address`, { hint });
    }
    const isModem = Number(number) >= FIRST_NUMBER && Number(number) < FIRST_NUMBER + lines;
    if (isModem || numbers.has(number)) throw new GatehouseError('ARGUMENTS_INVALID', `${number} is taken already`);
    const address = { host: host.replace(/^\[|\]$/g, ''), port: wholeNumber('the port', port, 1, 65_535) };
    numbers.set(number, { protocol: protocol === 'tcp' ? 'tcp' : 'telnet', ...address });
  }
  return numbers;
}

function said(message: string): GatehouseError {
  return new GatehouseError('ARGUMENTS_INVALID', message, { hint: 'help shows what can be said' });
}
