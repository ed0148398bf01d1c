/**
 * The environment for programs that tests start: as a person's shell has it. tap preloads a module into every Node
 * below it, which costs each process a tenth of a second and changes what is loaded when; and settings of whoever runs
 * the tests must not reach the supervisors they start.
 */
export function plainEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_OPTIONS$|TAP_|TAP$|_TAPJS_|NIGHTSHIFT_|PM2_)/.test(name),
  );
  // tap adds its own again unless it finds the variable set.
  return { ...Object.fromEntries(kept), NODE_OPTIONS: '', ...more };
}
