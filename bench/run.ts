/** `npm run bench -- NAME`: runs one measurement; each prints lines of JSON, the main one last. */
const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  'sip-register': () => import('./sip-register.ts').then((bench) => bench.run()),
  'sip-call': () => import('./sip-call.ts').then((bench) => bench.run()),
  engine: () => import('./engine.ts').then((bench) => bench.run()),
  'sip-scale': () => import('./sip-scale.ts').then((bench) => bench.run()),
  'sip-overload': () => import('./sip-overload.ts').then((bench) => bench.run()),
  'door-overload': () => import('./door-overload.ts').then((bench) => bench.run()),
  dial: () => import('./dial.ts').then((bench) => bench.run()),
  parse: () => import('./parse.ts'),
  gate: () => import('./gate.ts'),
  socket: () => import('./socket.ts').then((bench) => bench.run()),
  journal: () => import('./journal.ts'),
  'otp-check': () => import('./otp-check.ts'),
  radius: () => import('./radius.ts').then((bench) => bench.run()),
  programs: () => import('./programs.ts'),
  portal: () => import('./portal.ts').then((bench) => bench.run()),
};

const name = process.argv[2] ?? '';
const bench = benches[name];
if (bench) await bench();
else {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')}`);
  process.exitCode = 2;
}
