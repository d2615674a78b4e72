package import Domain
package import Effects

/// Why the journal cannot be opened, read or written. A torn tail is none of these: it is cut and reported.
package enum JournalError: Error, Equatable {
    /// Bytes that were durable are not what was written.
    case corrupt(segment: String, offset: Int, reason: String)
    /// The folder's oldest records are gone and no readable snapshot covers them.
    case historyMissing(needed: Sequence, oldest: Sequence)
    /// Retention removed a segment while it was being read.
    case historyRemoved(HistoryStart)
    /// A file was written by a newer build in a form that this one does not know.
    case newerFormat(file: String, version: UInt32)
    /// A record of a newer build; its name comes from the segment's header.
    case unknownKind(name: String, sequence: Sequence)
    /// A record of a known kind whose fields this build cannot read.
    case unreadableRecord(kind: String, sequence: Sequence, reason: String)
    /// A record that does not follow from those before it.
    case ledger(LedgerError)
    /// Another process is the folder's writer.
    case locked(holder: String)
    /// An earlier write or fsync failed: what is on the disk is not certain, so nothing more is accepted.
    case poisoned(cause: DiskError)
    /// So much waits for the disk that no more is taken.
    case frameFull(bytes: Int)
    case readOnly(path: String)
    case noSpace(path: String)
    case disk(DiskError)

    init(_ error: DiskError) {
        switch error.kind {
        case .locked(let holder): self = .locked(holder: holder)
        case .readOnly: self = .readOnly(path: error.path)
        case .noSpace: self = .noSpace(path: error.path)
        case .notFound, .denied, .io: self = .disk(error)
        }
    }

    /// Runs a disk's operation, whose error becomes the journal's.
    static func mapping<T>(_ operation: () throws(DiskError) -> T) throws(JournalError) -> T {
        do { return try operation() } catch { throw JournalError(error) }
    }

    /// The same call may succeed later without anybody doing anything about the folder.
    package var isRetryable: Bool {
        switch self {
        case .noSpace, .frameFull, .locked: true
        default: false
        }
    }
}

extension JournalError: CustomStringConvertible {
    /// What happened, and to what.
    package var description: String {
        switch self {
        case .corrupt(let segment, let offset, let reason):
            "The journal is damaged: \(segment) at byte \(offset): \(reason)."
        case .historyMissing(let needed, let oldest):
            "The journal begins at sequence \(oldest); record \(needed) is needed and no snapshot has it."
        case .historyRemoved(let start):
            "History begins at record \(start.sequence) now; older records were removed while they were read."
        case .newerFormat(let file, let version):
            "\(file) has format \(version), which this build does not know."
        case .unknownKind(let name, let sequence):
            "Record \(sequence) is of the kind \(name), which this build does not know."
        case .unreadableRecord(let kind, let sequence, let reason):
            "Record \(sequence) (\(kind)) cannot be read: \(reason)."
        case .ledger(.outOfOrder(let expected, let found)):
            "Record \(found) follows where \(expected) belongs."
        case .ledger(.unknownJob(let job, let sequence)):
            "Record \(sequence) is about job \(job), which no record has registered."
        case .ledger(.unknownRun(let run, let sequence)):
            "Record \(sequence) is about run \(run), which is not open."
        case .ledger(.unknownAlert(let alert, let sequence)):
            "Record \(sequence) is about alert \(alert), which no record has opened."
        case .ledger(.unknownCheck(let check, let sequence)):
            "Record \(sequence) is about check \(check), which no record has registered."
        case .ledger(.unknownMessage(let message, let sequence)):
            "Record \(sequence) is about message \(message), which is not pending."
        case .ledger(.unknownAccount(let account, let sequence)):
            "Record \(sequence) is about account \(account), which no record has opened."
        case .ledger(.unknownPost(let post, let sequence)):
            "Record \(sequence) is about post \(post), which is not pending."
        case .locked(let holder): "The data folder is in use by process \(holder)."
        case .poisoned(let cause): "The journal accepts nothing more since a write failed: \(cause)."
        case .frameFull(let bytes): "\(bytes) bytes wait for the disk, which does not keep up."
        case .readOnly(let path): "\(path) cannot be written: the file system is read-only."
        case .noSpace(let path): "\(path) cannot be written: no space is left on the device."
        case .disk(let error): "The data folder failed: \(error)."
        }
    }

    /// What a person can do.
    package var hint: String {
        switch self {
        case .corrupt, .unreadableRecord, .ledger:
            "Run `chronatog journal check` for the whole picture, then restore a backup; keep a copy."
        case .historyMissing: "Restore the missing segments or snapshots from a backup of the folder."
        case .historyRemoved: "Ask again from there."
        case .newerFormat, .unknownKind: "Start the newer build that wrote it; it has not been changed."
        case .locked: "Stop the other process, or give this one its own --data-dir."
        case .poisoned:
            "Check the disk and the system's log, then start again: what was acknowledged is safe."
        case .frameFull: "Try again; if it persists, the disk is too slow for the load."
        case .readOnly: "Mount it writable, or give another --data-dir."
        case .noSpace: "Free some space; writing goes on by itself."
        case .disk(let error):
            switch error.kind {
            case .denied: "Give the server's user the rights to the folder (0700) and its files (0600)."
            case .notFound: "Check --data-dir, and whether something removed the file."
            default: "Check the disk and the system's log."
            }
        }
    }
}
