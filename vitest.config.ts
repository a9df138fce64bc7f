import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One process a file: tests make sockets, daemons and child processes of their own.
    pool: 'forks',
    // Sandboxes are processes themselves: more workers make all of them slower, on any machine.
    maxWorkers: 2,
    // Of a test that hangs: how fast a machine is must not decide any other.
    testTimeout: 600_000,
    // Hooks build the sandbox's root file system on a machine that has none yet.
    hookTimeout: 300_000,
  },
});
