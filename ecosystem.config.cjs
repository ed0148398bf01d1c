/**
 * Nightshift under pm2: `npx pm2 start ecosystem.config.cjs`, then `npx pm2 save` so that it is back after a reboot.
 * Settings stand in DATA/nightshift.env, not here; only where the data is comes from NIGHTSHIFT_DATA.
 */
module.exports = {
  apps: [
    {
      name: 'nightshift',
      cwd: __dirname,
      script: 'build/cli/main.js',
      args: 'start',
      env: { NIGHTSHIFT_DATA: process.env.NIGHTSHIFT_DATA || `${__dirname}/data` },

      // One process owns the data folder. Cluster mode would start a second one during a reload, which the lock refuses.
      exec_mode: 'fork',
      instances: 1,

      // Without this pm2 calls it online at once. With it, a `pm2 stop` before "ready" is undone by pm2 itself, and one
      // sequence leaves a live process it no longer knows. Nightshift answers "ready" on /readyz for those who need it.
      wait_ready: false,

      // A stop lets running tasks end: longer than DRAIN_TIMEOUT (20 s) and the seconds for those that must be cut. pm2's
      // own 1.6 s would kill them. Whoever raises DRAIN_TIMEOUT raises this too.
      kill_timeout: 40_000,
      // pm2 would otherwise signal the programs of running tasks as well, and nothing could end in order.
      treekill: false,

      // What another start would only repeat, or make worse, stays stopped with its reason in the log until somebody has
      // looked: 64 wrong settings, 65 data damaged, 75 a lost write or a second writer seen. (pm2 shows these as
      // "waiting restart" without a pid.)
      // All others pass by themselves: 69 cannot listen (the network comes up late, the port is let go), 70 a fault of the
      // program (what was accepted is safe, and the next start carries on), 72 data folder cannot be used (a disk is
      // mounted late, or full until somebody makes room), 73 held by another (one that still drains after pm2 itself
      // died), 74 the disk failed (nothing unacknowledged was promised). Some faults behind 72 stay until somebody has
      // looked, but a box whose disk came up late must not stay down; a try costs a second and reads hardly anything.
      // 0 is not among them either: under pm2 it is `pm2 stop` that stops, and what ended otherwise is brought back.
      stop_exit_codes: [64, 65, 75],
      // Again at once, then with growing pauses up to 15 s, and without an end: the night is long.
      exp_backoff_restart_delay: 100,
      max_restarts: 1_000_000_000,

      // The log is JSON with its own times.
      merge_logs: true,
      time: false,
      // Watching is for handlers and settings, which Nightshift does itself.
      watch: false,
    },
  ],
};
