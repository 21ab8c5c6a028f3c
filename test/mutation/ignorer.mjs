/** Words for people that are no behaviour: what a state of a machine is for, shown by the statechart's drawing alone. */
const words = {
  shouldIgnore({ node }) {
    return node.type === 'ObjectProperty' &&
      node.key.name === 'description' &&
      node.value.type === 'StringLiteral'
      ? 'a description is no behaviour'
      : undefined;
  },
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'words', value: words }];
