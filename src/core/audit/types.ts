/** Lines of the audit trail as `auditLine` writes them, on their way with the change that they tell of. */
export type AuditLines = readonly string[];
