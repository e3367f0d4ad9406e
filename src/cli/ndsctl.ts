/**
 * The program `ndsctl`, for those whose scripts and fingers know nodogsplash's: one command to the Wi-Fi door over its socket.
 *
 * Exit status: 0 done, 1 refused or not found, 2 the command line, 4 the door cannot be reached.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { flushed, type Io, processIo } from './io.ts';

const DEFAULT_SOCKET = '/tmp/ndsctl.sock';

interface Words {
  readonly takes: 'nothing' | 'client' | 'mac' | 'maybe a client' | 'level';
  readonly does: string;
  readonly yes?: (argument: string) => string;
  readonly no?: (argument: string) => string;
}

const mac = (verb: string, done: string, does: string): Words => ({
  takes: 'mac',
  does,
  yes: (argument) => `MAC ${argument} ${done}.`,
  no: (argument) => `Failed to ${verb} MAC ${argument}.`,
});

const COMMANDS: Readonly<Record<string, Words>> = {
  status: { takes: 'nothing', does: 'how the door is' },
  clients: { takes: 'nothing', does: 'all clients, in lines' },
  json: { takes: 'maybe a client', does: 'all clients or one, as JSON' },
  stop: { takes: 'nothing', does: 'stop Gatehouse', yes: () => 'Stopping.', no: () => 'Failed to stop.' },
  auth: {
    takes: 'client',
    does: 'let a known client in',
    yes: (argument) => `Client ${argument} authenticated.`,
    no: (argument) => `Failed to authenticate client ${argument}.`,
  },
  deauth: {
    takes: 'client',
    does: 'put a client out',
    yes: (argument) => `Client ${argument} deauthenticated.`,
    no: (argument) => `Client ${argument} not found.`,
  },
  block: mac('block', 'blocked', 'let the card get nowhere'),
  unblock: mac('unblock', 'unblocked', 'undo that'),
  allow: mac('allow', 'allowed', 'put it on the list of MACMechanism allow'),
  unallow: mac('unallow', 'unallowed', 'take it off'),
  trust: mac('trust', 'trusted', 'let the card in without login'),
  untrust: mac('untrust', 'untrusted', 'undo that'),
  debuglevel: {
    takes: 'level',
    does: 'how much is logged, 0 to 3, until the next reload',
    yes: (argument) => `Debug level set to ${argument}.`,
    no: (argument) => `Failed to set debug level to ${argument}.`,
  },
};

export async function main(): Promise<void> {
  const code = await runNdsctl(process.argv.slice(2), processIo());
  await flushed();
  process.exit(code);
}

export async function runNdsctl(args: readonly string[], io: Pick<Io, 'out' | 'err'>): Promise<ExitCode> {
  if (args[0] === '-h' || args[0] === '--help') {
    io.out(usage());
    return EXIT.ok;
  }
  const [socket, [name = '', ...rest]] =
    args[0] === '-s' ? ([args[1] ?? '', args.slice(2)] as const) : ([DEFAULT_SOCKET, args] as const);
  const words = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (words === undefined || !isRight(words, rest)) {
    io.err(usage());
    return EXIT.usage;
  }
  const [argument = ''] = rest;
  let answer: string;
  try {
    answer = await ask(socket, `${name} ${argument}`.trim());
  } catch (error) {
    io.err(
      `ndsctl: nobody answers at ${socket}: ${(error as Error).message}\n  does Gatehouse run, with a section \`portal\`? -s names another socket`,
    );
    return EXIT.unreachable;
  }
  if (answer === 'Yes' || answer === 'No') {
    io.out((answer === 'Yes' ? words.yes : words.no)?.(argument) ?? answer);
    return answer === 'Yes' ? EXIT.ok : EXIT.failed;
  }
  io.out(answer.trimEnd());
  return EXIT.ok;
}

function isRight({ takes }: Words, rest: readonly string[]): boolean {
  if (rest.some((word) => /[\s\0]/.test(word) || word === '')) return false;
  return takes === 'nothing' ? rest.length === 0 : takes === 'maybe a client' ? rest.length <= 1 : rest.length === 1;
}

async function ask(path: string, command: string): Promise<string> {
  const socket = connect(path);
  socket.write(`${command}\r\n\r\n`);
  return text(socket);
}

function usage(): string {
  const shown = {
    nothing: '',
    client: 'MAC|ADDRESS|TOKEN',
    mac: 'MAC',
    'maybe a client': '[MAC|ADDRESS|TOKEN]',
    level: 'N',
  };
  const lines = Object.entries(COMMANDS).map(
    ([name, { takes, does }]) => `  ${`${name} ${shown[takes]}`.padEnd(29)}${does}`,
  );
  return `usage: ndsctl [-s SOCKET] COMMAND\n\n${lines.join('\n')}`;
}
