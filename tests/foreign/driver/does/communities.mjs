// Communities and their groups. Baileys 6 has no calls for them.

export const new_community = async (account, { subject }) => {
  const { id } = await account.socket.communityCreate(subject, '')
  return { group: id }
}

export const communities = async account => ({
  groups: Object.keys(await account.socket.communityFetchAllParticipating())
})

export const subgroups = async (account, { community }) => {
  const { linkedGroups } = await account.socket.communityFetchLinkedGroups(community)
  return { groups: linkedGroups.map(({ id }) => id) }
}

export const new_subgroup = async (account, { community, subject, members }) => {
  const { id } = await account.socket.communityCreateGroup(subject, members, community)
  return { group: id }
}

export const link = (account, { community, group, on }) =>
  on ? account.socket.communityLinkGroup(group, community) : account.socket.communityUnlinkGroup(group, community)
