// `hubmesh members`: all hubs, as one of them believes them to be.

import { Command } from 'commander'
import { Type } from '../core/schema.ts'
import { type Member, MemberSchema } from '../hub/shapes.ts'
import { type AskOptions, ask, withHub } from './client.ts'
import { age, table } from './table.ts'

const headings = ['HUB', 'TIER', 'REGION', 'STATUS', 'FOR', 'RTT', 'PARENTS', 'VERSION', 'ADDRESS']

export function membersCommand(): Command {
  const command = new Command('members').description('all hubs of the federation, as this hub believes them to be')
  return withHub(command).action(async (options: AskOptions) => {
    const members = await ask(options, '/api/members', Type.Array(MemberSchema))
    console.log(options.json ? JSON.stringify(members, null, 2) : table(headings, members.map(row)))
  })
}

function row(member: Member): string[] {
  const { hub_id, tier, region, status, since, rtt_ms, parents, version, addresses } = member
  const rtt = rtt_ms === null ? '-' : `${rtt_ms.toFixed(1)} ms`
  return [
    hub_id,
    tier,
    region,
    status,
    age(since, Date.now()),
    rtt,
    parents?.join(',') || '-',
    version,
    addresses[0] ?? '-',
  ]
}
