// Where mutants live: a copy of the repository beside it, with the same node_modules. The repository itself is never
// touched, and the copy goes away whatever happens.

import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apply, type Mutation } from './mutations.ts'

/** What no test reads, or what is linked instead of copied. */
const left = new Set(['node_modules', '.git', 'dist', 'data'])

export type Verdict = 'passed' | 'failed' | 'hung'

/** A command of the repository, and how long it may take. */
export interface Check {
  readonly name: string
  readonly args: readonly string[]
  readonly boundMs: number
}

export class Workshop {
  readonly #root: string
  readonly #directory: string

  constructor(root: string) {
    this.#root = root
    this.#directory = mkdtempSync(join(tmpdir(), 'hubmesh-mutate-'))
    try {
      this.#fill()
    } catch (error) {
      this.remove()
      throw error
    }
  }

  /** Runs the checks on the mutant, in order; answers with the first that notices, or undefined. */
  async noticed(mutation: Mutation, checks: readonly Check[]): Promise<Check | undefined> {
    const file = join(this.#directory, mutation.path)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, apply(text, mutation))
    try {
      for (const check of checks) if ((await this.run(check)) !== 'passed') return check
      return undefined
    } finally {
      writeFileSync(file, text)
    }
  }

  run(check: Check): Promise<Verdict> {
    const child = spawn(process.execPath, check.args, {
      cwd: this.#directory,
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, NODE_OPTIONS: '', CI: '1' },
    })
    return new Promise((done, failed) => {
      let hasHung = false
      const timer = setTimeout(() => {
        hasHung = true
        // The whole group: a test runner has children of its own.
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      }, check.boundMs)
      child.on('error', failed)
      child.on('exit', (code) => {
        clearTimeout(timer)
        done(hasHung ? 'hung' : code === 0 ? 'passed' : 'failed')
      })
    })
  }

  #fill(): void {
    for (const name of readdirSync(this.#root)) {
      if (!left.has(name)) cpSync(join(this.#root, name), join(this.#directory, name), { recursive: true })
    }
    symlinkSync(join(this.#root, 'node_modules'), join(this.#directory, 'node_modules'))
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
