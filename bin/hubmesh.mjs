#!/usr/bin/env node
// Starts HubMesh on a Node that can run it. The package brings one as an optional dependency, so that a machine whose own
// `node` is older needs no manual step: then this file hands over to it and passes on signals and the exit code. Written
// for Node 18.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Runs TypeScript as it is, and has what libp2p 3 needs. */
const oldest = [22, 18]

const self = fileURLToPath(import.meta.url)

if (isAtLeast(process.versions.node, oldest)) {
  // Commands start in half the time when what was compiled once is kept: in the user's own directory, because what lies
  // in a shared one could be somebody else's code.
  module.enableCompileCache?.(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hubmesh'))
  const root = dirname(dirname(self))
  const source = join(root, 'src', 'main.ts')
  // A checkout runs its sources; a package carries what was built of them.
  const main = existsSync(source) ? source : join(root, 'dist', 'main.js')
  await import(pathToFileURL(main).href)
} else {
  handOver(newerNode())
}

function isAtLeast(version, [major, minor]) {
  const [ownMajor, ownMinor] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/** The Node of the optional dependency, wherever npm put it; undefined on a platform without one. */
function newerNode() {
  const name = `node-${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(self).resolve(`${name}/package.json`)), 'bin', 'node')
  } catch {
    return undefined
  }
}

function handOver(node) {
  if (node === undefined) {
    console.error(`hubmesh: needs Node ${oldest.join('.')} or newer, this is ${process.versions.node}`)
    process.exit(1)
  }
  // The fourth is a channel that closes when this process dies, however it dies: the hub then stops as well.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio })
  // A terminal sends its signals to both; the hub takes two at once for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`hubmesh: ${node} does not start: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
