/** More at once than a server's backlog would be refused. */
const AT_ONCE = 100;

/** Opens `count` links, `open(index)` each. */
export async function openAll(count, open) {
  const links = [];
  let begun = 0;
  async function openSome() {
    while (begun < count) {
      const index = begun++;
      links[index] = await open(index);
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, openSome));
  return links;
}
