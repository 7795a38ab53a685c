// Runs this very bench once more in namespaces of its own: of processes, so that nothing it starts outlives it however it
// ends; and of the network, so that loopback carries nothing else and packets can be dropped.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const marker = 'HUBMESH_BENCH_APART'
const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc']

/** Whether this process already is the one inside. */
export function isApart(): boolean {
  return process.env[marker] !== undefined
}

/** Inside: ends with the process outside, even where that was killed. */
export function endWithOuter(): void {
  process.on('disconnect', () => process.exit(1))
  process.channel?.unref()
}

/** The inner run's exit code; undefined where the system does not allow it. */
export async function runApart(): Promise<number | undefined> {
  const flags = process.getuid?.() === 0 ? namespaces : ['--user', '--map-root-user', ...namespaces]
  if (spawnSync('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up']).status !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'hubmesh-bench-'))
  try {
    const inner = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, ...process.argv.slice(1)]
    const env = { ...process.env, [marker]: '1', TMPDIR: folder }
    const child = spawn('unshare', [...flags, ...inner], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env })
    // What runs inside ends with its first process, and its files are removed here.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'))
    return await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code) => resolve(code ?? 130))
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
