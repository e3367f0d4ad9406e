/** The further branches of a request: how a script adds one. */
import type { Branch, Run } from '../run.ts';

/** The Request-URI and the copies of it that may be made; SER's limit. */
const MOST_BRANCHES = 12;

/** False: there are as many as there may be. */
export function addBranch(run: Run, branch: Branch): boolean {
  run.branches ??= [];
  if (run.branches.length >= MOST_BRANCHES - 1) return false;
  run.branches.push(branch);
  return true;
}
