// Where the processes of a fleet live on the network. Usually all on loopback; where packets shall be dropped, each in a
// network namespace of its own behind one bridge, so that a member can vanish without a reset, as a machine does that
// loses its power.

import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { pause } from './mate.ts'

export interface Seat {
  readonly host: string
  /** The p2p port, where it is not just any free one. */
  readonly port?: number
  /** Command that runs another one in this seat. */
  readonly launcher: readonly string[]
  /** The process is there: connects it. */
  joined(pid: number): Promise<void>
  /** From now on nothing comes from or to this seat. */
  cut(): void
}

export interface Place {
  seat(index: number): Seat
}

export const loopback: Place = {
  seat: () => ({ host: '127.0.0.1', launcher: [], joined: async () => {}, cut: () => {} }),
}

const bridge = 'hubbridge'
const port = 7946
const maxSeats = 250

/** Waits for the cable, then becomes the command. Neighbours are told beforehand: a lost one must not fail to resolve. */
const moveIn = `
ip link set lo up
until ip link set eth0 up 2>/dev/null; do sleep 0.02; done
ip address add "$1/24" dev eth0
i=1
while [ $i -le "$2" ]; do
  ip neighbour add "10.77.0.$i" lladdr "$(printf 02:00:0a:4d:00:%02x $i)" nud permanent dev eth0 2>/dev/null
  i=$((i + 1))
done
shift 2
exec "$@"`

/** Seats behind a bridge; only in a network namespace of this process's own, and only for root of it. */
export function bridged(seats: number): Place {
  if (seats > maxSeats) throw new Error(`a bridge takes at most ${maxSeats} members`)
  ip('link', 'add', bridge, 'type', 'bridge')
  ip('link', 'set', bridge, 'up')
  return { seat: (index) => bridgedSeat(index + 1, seats) }
}

function bridgedSeat(number: number, seats: number): Seat {
  const host = `10.77.0.${number}`
  const cable = `seat${number}`
  return {
    host,
    port,
    launcher: ['unshare', '--net', 'sh', '-c', moveIn, 'sh', host, String(seats)],
    joined: async (pid) => {
      while (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) await pause(5)
      // The namespace of a process that was killed goes a moment later, and its cable with it.
      for (let tries = 0; isThere(cable) && tries < 100; tries++) await pause(20)
      if (isThere(cable)) ip('link', 'del', cable)
      const hardware = `02:00:0a:4d:00:${number.toString(16).padStart(2, '0')}`
      ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'address', hardware, 'netns', String(pid))
      ip('link', 'set', cable, 'master', bridge)
      ip('link', 'set', cable, 'up')
    },
    cut: () => ip('link', 'set', cable, 'nomaster'),
  }
}

function isThere(link: string): boolean {
  try {
    execFileSync('ip', ['link', 'show', link], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
}
