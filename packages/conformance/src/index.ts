// Conformance cases for WebSocket servers and clients, the runner and its reports.
export type { Case, Event, Tested } from './cases/case.ts';
export { PatternError, type SelectedCases, selectCases } from './cases/select-cases.ts';
export { diagnose } from './diagnose/diagnose.ts';
export {
  DEFAULT_STEP_TIMEOUT_MS,
  type DiagnoseOptions,
  type Diagnosis,
  type DiagnosisVerdict,
  type FaultCode,
  type Step,
  type StepName,
  type StepOutcome,
} from './diagnose/diagnosis.ts';
export {
  type BaselineChange,
  type BaselineComparison,
  type BaselineOptions,
  compareWithBaseline,
} from './report/baseline.ts';
export { exitCodeOf, type PassRule } from './report/exit-code.ts';
export { type HtmlOptions, htmlReport } from './report/html.ts';
export { indexJson } from './report/index-json.ts';
export { type JunitOptions, junitXml } from './report/junit.ts';
export {
  type EarlierAgent,
  type EarlierCase,
  type EarlierReport,
  ReportFormatError,
  readIndexJson,
} from './report/read-index-json.ts';
export type { ComparedReport } from './report/report-columns.ts';
export {
  type AgentReport,
  type Behavior,
  type BehaviorClose,
  type CaseResult,
  type Finding,
  type FindingCode,
  type Outcome,
  outcomeOf,
  type RunReport,
  type Traffic,
  type WireRow,
} from './report/result.ts';
export { sectionOf, sectionTitle } from './report/sections.ts';
export { type SummaryKind, type SummaryOptions, summaryLines } from './report/summary.ts';
export { CaseFileWriter, writeReportFolder } from './report/write-report-folder.ts';
export { serveCases } from './runner/case-server.ts';
export { checkServer } from './runner/check-server.ts';
export {
  type CaseServer,
  CheckError,
  type CheckServerOptions,
  type Progress,
  type RunOptions,
  type ServeCasesOptions,
} from './runner/options.ts';
export { type RunSummary, runReport } from './runner/run-report.ts';
