// `hubmesh net-test`: what is between this machine and a hub, step by step, with the same libp2p that hubs use and a key of
// the moment. It says hello as a hub that nobody knows, asks for the time, and goes.

import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import { Command } from 'commander'
import type { Trial } from '../adapters/libp2p/trial.ts'
import { type HostPort, parseAddress } from '../config/addresses.ts'
import type { Config } from '../config/schema.ts'
import { formatDuration, parseDuration } from '../core/units.ts'
import { reasonOf } from './client.ts'
import { CommandFailed, exit } from './exit.ts'
import { configured, type Options, withConfig } from './sources.ts'
import { StepFailed, Steps } from './steps.ts'
import type { Stranger } from './trial.ts'

interface NetTestOptions extends Options {
  readonly timeout: string
  readonly json?: boolean
}

export function netTestCommand(): Command {
  const command = new Command('net-test')
    .description('try the way to a hub step by step: resolve, connect, noise, protocols, rtt, hello, clock')
    .argument('<address>', 'host:port that hubs connect to (8081 by default), or a multiaddr')
    .option('--timeout <duration>', 'longest time for all steps together', '15s')
    .option('--json', 'print JSON')
  return withConfig(command).action(netTest)
}

async function netTest(address: string, options: NetTestOptions): Promise<void> {
  const timeoutMs = parseDuration(options.timeout)
  if (timeoutMs === undefined || timeoutMs <= 0)
    throw new CommandFailed(exit.invalid, `${options.timeout} is no duration: write 10s`)
  const { config } = configured(options, false)
  const steps = await stepsTo(address, { config, timeoutMs })
  if (options.json === true)
    console.log(JSON.stringify({ target: address, ok: steps.isWell, steps: steps.all }, null, 2))
  else console.log(steps.text())
  process.exitCode = steps.isWell ? exit.fine : exit.failed
}

/** All steps to the hub at that address, taken as a hub of this configuration. Throws when the address is none. */
export async function stepsTo(
  address: string,
  { config, timeoutMs }: { readonly config: Config; readonly timeoutMs: number },
): Promise<Steps> {
  const target = parseAddress(address)
  if (target === undefined) throw new CommandFailed(exit.invalid, `"${address}" is no address: write host:port`)
  const steps = new Steps()
  const signal = AbortSignal.timeout(timeoutMs)
  await walk({ target, config, steps, signal, named: /\/p2p\/([^/]+)/.exec(address)?.[1] })
  return steps
}

interface Walk {
  readonly target: HostPort
  readonly config: Config
  readonly steps: Steps
  readonly signal: AbortSignal
  /** The peer id that the address names. */
  readonly named: string | undefined
}

async function walk({ target, config, steps, signal, named }: Walk): Promise<void> {
  const { host, port } = target
  const found = await steps.take(
    'resolve',
    () => resolved(host),
    (all) => all.map(({ address }) => address).join(', '),
  )
  const reached = await steps.take(
    'connect',
    () => reach(found ?? [], port, signal),
    (address) => `${address} port ${port} takes connections`,
  )
  // Not before it is needed: libp2p takes half a second.
  const { openTrial } = await import('./trial.ts')
  const stranger = await openTrial(config)
  const { trial } = stranger
  try {
    const ip = `/${reached?.includes(':') === true ? 'ip6' : 'ip4'}/${reached}/tcp/${port}`
    const dialled = named === undefined ? ip : `${ip}/p2p/${named}`
    await steps.take(
      'noise',
      () => proved(trial, dialled, signal),
      (peer) => `it has the key of ${peer}`,
    )
    await steps.take(
      'protocols',
      () => understood(trial, config, signal),
      (all) => `${all.length}, those of hubs of ${config.federation.id} among them`,
    )
    await steps.take(
      'rtt',
      () => trial.rtt(signal),
      (ms) => `${ms} ms`,
    )
    await steps.take(
      'hello',
      () => greeted(stranger, signal),
      (words) => words,
    )
    await steps.take(
      'clock',
      () => compared(trial, config, signal),
      (ms) => `it is ${clockWords(ms)}`,
    )
  } finally {
    await trial.close()
  }
}

type Found = Awaited<ReturnType<typeof resolved>>

async function resolved(host: string) {
  try {
    return await lookup(host, { all: true })
  } catch (error) {
    const hint = 'check the spelling, and that this machine asks the right DNS; an IP address needs none'
    throw new StepFailed(`${host} has no address (${reasonOf(error)})`, hint)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nobody listens there: is the hub running, and does its network.listen name this address? A hub that listens on 127.0.0.1 is reached from its own machine alone',
  EHOSTUNREACH: 'there is no way to that machine: check routes and firewalls on both sides',
  ENETUNREACH: 'this machine has no way into that network: check its routes',
  ECONNRESET: 'something on the way ended the connection: check firewalls and load balancers',
}
const silent = 'nothing comes back: a firewall drops it, or the machine is off. Let TCP to this port through, both ways'

/** The first address whose port takes a connection. */
async function reach(found: Found, port: number, signal: AbortSignal): Promise<string> {
  const told: string[] = []
  let code = ''
  for (const { address } of found) {
    try {
      await opened(address, port, signal)
      return address
    } catch (error) {
      code = error instanceof Error && 'code' in error ? String(error.code) : ''
      told.push(`${address} port ${port}: ${code || 'no answer in time'}`)
    }
  }
  throw new StepFailed(told.join('; '), reasons[code] ?? silent)
}

function opened(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('no time is left'))
    const stop = (): void => void socket.destroy(new Error('no answer in time'))
    const socket = connect({ host, port }, () => {
      socket.destroy()
      resolve()
    })
    signal.addEventListener('abort', stop)
    socket.once('error', reject).once('close', () => signal.removeEventListener('abort', stop))
  })
}

async function proved(trial: Trial, address: string, signal: AbortSignal): Promise<string> {
  try {
    return await trial.connect(address, signal)
  } catch (error) {
    const detail = `no encrypted connection (${reasonOf(error).split('\n')[0]})`
    throw new StepFailed(
      detail,
      'something listens there that is no hub, or not the one whose id the address names: give the port of network.listen (8081 by default), not that of the HTTP API',
    )
  }
}

async function understood(trial: Trial, { federation }: Config, signal: AbortSignal): Promise<readonly string[]> {
  const all = await trial.spoken(signal)
  if (all.includes(trial.protocols.hello)) return all
  const other = all.map((one) => /^\/hubmesh\/([^/]+)\/hello\//.exec(one)?.[1]).find((id) => id !== undefined)
  if (other === undefined) throw new StepFailed('it speaks libp2p, and is no hub', 'give the address of a hub')
  if (other === federation.id)
    throw new StepFailed('it speaks another version of the hello', 'run versions that federate')
  const hint =
    'hubs of different federations refuse each other: set federation.id alike, or pass the --config of that federation'
  throw new StepFailed(`it is a hub of the federation ${other}, and federation.id is ${federation.id}`, hint)
}

const refusals: Readonly<Record<string, string>> = {
  'wire-version': 'the two versions do not federate: bring both to the same one',
  'other-federation': 'set federation.id alike',
}

async function greeted({ trial, met }: Stranger, signal: AbortSignal): Promise<string> {
  const greeting = await trial.hello(signal)
  if (greeting.kind === 'broken')
    throw new StepFailed('it does not answer the hello', 'look into its log: it may be overloaded, or leaving')
  if (greeting.kind === 'refused')
    throw new StepFailed(
      `it refuses: ${greeting.reason}`,
      refusals[greeting.reason] ?? 'look into its log for the reason',
    )
  const info = met()
  return `${info?.hub} (${info?.tier}, region ${info?.region}, version ${info?.version})`
}

/** How far its clock is ahead of this machine's, milliseconds. */
async function compared(trial: Trial, { catalog }: Config, signal: AbortSignal): Promise<number> {
  const { readTime, timeQuestion } = await import('./trial.ts')
  const asked = performance.now()
  const wall = await trial.ask(timeQuestion, readTime, signal)
  const aheadMs = Math.round(wall + (performance.now() - asked) / 2 - Date.now())
  if (Math.abs(aheadMs) <= catalog.max_clock_drift) return aheadMs
  throw new StepFailed(
    `it is ${clockWords(aheadMs)}, more than catalog.max_clock_drift (${formatDuration(catalog.max_clock_drift)})`,
    'set the clock right that is wrong, with NTP: hubs whose clocks differ by more refuse each other what they write',
  )
}

function clockWords(aheadMs: number): string {
  return `${Math.abs(aheadMs)} ms ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine`
}
