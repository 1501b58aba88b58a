/** Every code of a problem in a topology file, with what it means. Codes are stable; the reference lists this table. */
export const problemCodes = {
  file_not_found: 'The path does not exist or cannot be read.',
  no_topology: 'The folder holds no topology file, or the file is empty.',
  multiple_documents: 'The file holds several YAML documents; a topology is one.',
  yaml_syntax: 'The file is not valid YAML 1.2.',
  duplicate_key: 'A map has the same key twice.',
  bad_interpolation: 'A ${…} is not one of the forms that are known.',
  unset_variable: 'An environment variable is not set and has no default.',
  unreadable_file: 'The file of a ${file:…} cannot be read.',
  unknown_key: 'There is no such option here.',
  missing_option: 'A required option is missing.',
  bad_value: "A value is not of the option's type or out of its range.",
  bad_name: 'A name is not lower_snake_case.',
  unknown_type: 'There is no component of this type.',
  duplicate_name: 'A name is used twice where it must be unique.',
  bad_expression: 'An expression cannot be parsed, or its type does not fit.',
  unknown_variable: 'An expression reads a variable that does not exist.',
  bad_schema: 'A schema cannot be read or compiled.',
  registry: 'The schema registry does not agree, or does not answer (`validate --online`).',
  bad_script: 'A script cannot be loaded, or does not export what it should.',
  unknown_node: '`from` names a node that does not exist or has no output.',
  unknown_port: '`from` names an output that the node does not have.',
  missing_port: '`from` names a node with several outputs without saying which.',
  cycle: 'Nodes read each other in a circle.',
  unused: 'Nobody reads an output, so that its records would go nowhere.',
  duplicate_topic: 'A topic is read twice in one topology.',
  loop: 'A topology writes to a topic it reads.',
  duplicate_topology: 'Two files have the same topology name.',
  duplicate_group: 'Two topologies have the same consumer group.'
} as const;

/** A code of a problem in a topology file. */
export type ProblemCode = keyof typeof problemCodes;
