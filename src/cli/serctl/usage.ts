/** The help text of serctl. */
import { ABSENT } from './absent.ts';
import { COMMANDS } from './commands.ts';

export function usage(): string {
  const lines = Object.values(COMMANDS).map((command) => `  serctl ${command.usage}`);
  return `usage:
${[...new Set(lines)].join('\n')}
  serctl version

Not there, each with what takes its place: ${Object.keys(ABSENT).join(', ')}.

Users are user or user@domain; SIP_DOMAIN is the default domain. GATEHOUSE_DATA names the data directory
(./gatehouse-data), GATEHOUSE_CONFIG and GATEHOUSE_SER_CFG the configuration. More can be done with: gatehouse --help`;
}
