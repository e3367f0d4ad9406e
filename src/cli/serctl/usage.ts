/** The help text of serctl. */
import { ABSENT } from './absent.ts';
import { COMMANDS } from './commands.ts';
import { ALSO } from './names.ts';

export function usage(): string {
  const lines = Object.values(COMMANDS).map((command) => `  serctl ${command.usage}`);
  const also = Object.entries(ALSO).map(([name, command]) => `${name} (${command})`);
  return `usage:
${lines.join('\n')}
  serctl version

Other names: ${also.join(', ')}.
Not there, each with what takes its place: ${Object.keys(ABSENT).join(', ')}.

Users are user or user@domain; SIP_DOMAIN is the default domain. GATEHOUSE_DATA names the data directory
(./gatehouse-data), GATEHOUSE_CONFIG and GATEHOUSE_SER_CFG the configuration. More can be done with: gatehouse --help`;
}
