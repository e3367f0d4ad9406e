#!/usr/bin/env node
/**
 * Runs a command of this package with the Node that came with it first on PATH: `node bin/with-node.js COMMAND ARGUMENTS`.
 *
 * npm links that Node as node_modules/.bin/node only from version 11 on; the scripts of package.json must work with
 * any npm. Plain JavaScript that Node 20 understands.
 */
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { bundledNode } from './launcher.js';

const [command, ...args] = process.argv.slice(2);
const node = bundledNode() ?? process.execPath;
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` };
const done = spawnSync(command ?? 'node', args, { stdio: 'inherit', env });
if (done.error) console.error(`cannot run ${command}: ${done.error.message}`);
process.exit(done.status ?? 1);
