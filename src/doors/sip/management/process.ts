/** The core's commands: about the process itself. */

import { version } from '../../../platform/version.ts';
import { type Command, type Desk, ok, refusal } from './command.ts';

/** `which` needs the whole list: see commands.ts. */
export const PROCESS_COMMANDS: readonly Command[] = [
  {
    name: 'uptime',
    args: [],
    describe: 'Tells since when it runs',
    reply: '200 OK and `Now`, `Up Since`, `Up time: N [sec]`',
    run({ clock, startedAt }) {
      const now = clock.now();
      return ok([
        ['Now', new Date(now).toUTCString()],
        ['Up Since', new Date(startedAt).toUTCString()],
        ['Up time', `${Math.floor((now - startedAt) / 1000)} [sec]`],
      ]);
    },
  },
  {
    name: 'version',
    args: [],
    describe: 'Tells the version',
    reply: '200 OK and `Server: Gatehouse (version)`',
    run: () => ok([['Server', `Gatehouse (${version})`]]),
  },
  {
    name: 'ps',
    args: [],
    describe: 'Lists processes and threads; one process serves all sockets',
    reply: '200 OK and a line each: number, process id, what it does',
    run: ({ transport }) => ok(processes(transport)),
  },
  {
    name: 'pwd',
    args: [],
    describe: 'Tells the working directory',
    reply: '200 OK and `WD: /path`',
    run: () => ok([['WD', process.cwd()]]),
  },
  {
    name: 'arg',
    args: [],
    describe: 'Tells the command line that started it',
    reply: '200 OK and an argument on each line',
    run: () => ok(process.argv.slice(1)),
  },
  {
    name: 'print',
    args: ['text'],
    describe: 'Writes a line into the log',
    reply: '200 OK',
    run({ log }, text) {
      log.info('printed by a management command', { text: text! });
      return ok();
    },
  },
  {
    name: 'meminfo',
    args: [],
    describe: 'Tells the memory in use',
    reply: '200 OK and `resident`, `heap used`, `heap total`, `external` in bytes',
    run() {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
      return ok([
        ['resident', rss],
        ['heap used', heapUsed],
        ['heap total', heapTotal],
        ['external', external],
      ]);
    },
  },
  {
    name: 'debug',
    args: ['[level]'],
    describe: 'Tells the level up to which log() of the script writes. It is set in ser.cfg alone',
    reply: '200 OK and `DEBUG: 3`; 403 for a level',
    run: ({ debug }, level) =>
      level === undefined ? ok([['DEBUG', debug()]]) : refusal(403, 'the level is set by debug= in ser.cfg'),
  },
  {
    name: 'kill',
    args: [],
    describe: 'Ends the server in order, as SIGTERM does',
    reply: '200 OK before it ends',
    run(desk) {
      // The answer goes first.
      setTimeout(() => desk.shutDown(), 200).unref();
      return ok();
    },
  },
];

function processes({ points }: Desk['transport']): string[] {
  const sockets = points.map(({ name }) => name).join(', ');
  return [`0\t${process.pid}\tSIP, HTTP and timers: ${sockets}`, `1\t${process.pid}\tstorage (a thread)`];
}
