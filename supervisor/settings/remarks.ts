/** What is said of settings that are taken: nothing in them is wrong, but somebody may have meant something else. */
import { isLoopback } from './kinds.ts';
import { describeProblem, type Parsed, type Problem } from './parse.ts';

export interface SettingsHealth {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly action: string;
}

const tokenCharsLeast = 16;

export function remarksOn({ strangers, later, settings }: Parsed, envFile: string): SettingsHealth[] {
  const remarks = [...strangers.map((stranger) => unknownKey(stranger, envFile)), ...later.map(noEffect)];
  const { webHost, webToken } = settings;
  if (!isLoopback(webHost) && webToken !== null && webToken.length < tokenCharsLeast) {
    remarks.push({
      code: 'token_short',
      severity: 'warning',
      message: `WEB_TOKEN is shorter than ${tokenCharsLeast} characters and others can reach ${webHost}`,
      action: 'Set a longer one, e.g. the output of: openssl rand -hex 24',
    });
  }
  return remarks;
}

function unknownKey(stranger: Problem, envFile: string): SettingsHealth {
  const where = stranger.source === 'file' ? `in ${envFile}` : 'where Nightshift is started';
  return {
    code: `settings_unknown:${stranger.key}`,
    severity: 'warning',
    message: `Not taken: ${describeProblem(stranger, envFile)}`,
    action: `Correct or remove it ${where}.`,
  };
}

function noEffect(key: string): SettingsHealth {
  return {
    code: `settings_no_effect:${key}`,
    severity: 'warning',
    message: `${key} has no effect in this version`,
    action: 'Take it out, or leave it for a version that has it.',
  };
}
