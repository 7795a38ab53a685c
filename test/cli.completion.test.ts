// `hubmesh completion`: bash itself is asked what it would propose, for every command there is.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it, vi } from 'vitest'
import { program } from '../src/cli/program.ts'
import { hubmesh, mayLeaveOut } from './processes.ts'

vi.setConfig({ testTimeout: 30_000 })

async function script(shell: string): Promise<string> {
  const { code, out, err } = await hubmesh(['completion', shell]).ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

/** Every command by its words, and what may follow it. */
function tree(command: Command, path: readonly string[] = []): [readonly string[], string[]][] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const flags = help.visibleOptions(command).map(({ long }) => long ?? '')
  const inner = commands.filter((one) => one.name() !== 'help')
  return [
    [path, [...commands.map((one) => one.name()), ...flags]],
    ...inner.flatMap((one) => tree(one, [...path, one.name()])),
  ]
}

describe('completion', () => {
  it('makes bash propose every command and every flag', async () => {
    const whole = tree(program())
    const lines = [
      ...whole.map(([path]) => [...path, '']),
      ['sta'],
      ['config', 'validate', '--config', 'x.yaml', '--j'],
      ['projects', '--status', ''],
      ['completion', '--url', 'b'],
    ]
    const asks = lines.map((words) => {
      const quoted = words.map((word) => `'${word}'`).join(' ')
      return `COMP_WORDS=(hubmesh ${quoted}); COMP_CWORD=${words.length}; _hubmesh; echo "\${COMPREPLY[*]}"`
    })
    const text = [await script('bash'), ...asks].join('\n')
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', text], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const told = stdout.split('\n').slice(0, -1)
    expect(told.slice(0, whole.length)).toEqual(whole.map(([, words]) => words.join(' ')))
    expect(told.slice(whole.length)).toEqual(['start status', '--json', 'online degraded offline', ''])
  })

  it.each(['zsh', 'fish'])('is a script that %s can read', async (shell) => {
    const text = await script(shell)
    for (const [, words] of tree(program())) for (const word of words) expect(text).toContain(word.replace(/^--/, ''))
    if (mayLeaveOut(shell, '--version')) return
    // Of a file: fish reads no script from a socket, which is what Node gives a child to read from.
    const folder = mkdtempSync(join(tmpdir(), 'hubmesh-completion-'))
    try {
      writeFileSync(join(folder, 'script'), text)
      const read = spawnSync(shell, ['-n', join(folder, 'script')], { encoding: 'utf8' })
      expect(read).toMatchObject({ status: 0, stderr: '' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('finds --json with every command that answers something', () => {
    const leaves = tree(program()).filter(([, words]) => words.every((word) => word.startsWith('--')))
    expect(leaves.length).toBeGreaterThan(20)
    const without = leaves.filter(([, words]) => !words.includes('--json')).map(([path]) => path.join(' '))
    expect(without).toEqual(['start', 'completion'])
  })

  it('for another shell is wrong usage', async () => {
    expect(await hubmesh(['completion', 'tcsh']).ended).toMatchObject({ code: 2, out: '' })
  })
})
