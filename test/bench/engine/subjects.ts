import { callSubjects } from './calls.js';
import { eventSubjects } from './events.js';
import { failureSubjects } from './failures.js';
import { fleetSubjects } from './fleet.js';
import { memorySubjects } from './memory.js';
import { windowSubjects } from './windows.js';

/** Everything that is measured, each in its own processes. */
export const subjects = {
  ...callSubjects,
  ...windowSubjects,
  ...failureSubjects,
  ...eventSubjects,
  ...memorySubjects,
  ...fleetSubjects,
};

export type SubjectName = keyof typeof subjects;

export function isSubject(name: string | undefined): name is SubjectName {
  return name !== undefined && Object.hasOwn(subjects, name);
}
