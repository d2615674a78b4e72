import Domain
import Glibc

/// Measured figures with the budget of DESIGN §12 beside each.
struct BenchTable {
    private var table = TextTable(["WHAT", "MEASURED", "BUDGET"], cellMax: 90)
    private var rows: [JSON] = []

    mutating func add(_ what: String, _ measured: String, budget: String = "") {
        table.add([what, measured, budget])
        rows.append(
            .object([
                .init("what", .string(what)), .init("measured", .string(measured)),
                .init("budget", .string(budget)),
            ])
        )
    }

    func show(json: Bool) {
        StandardStream.output.write(json ? JSON.array(rows).pretty + "\n" : table.text())
    }
}

/// How figures are written.
enum Figure {
    /// `12,345`
    static func whole(_ value: Double) -> String {
        let digits = Array(String(Int64(value.rounded())))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3), digits[index - 1] != "-" { text += "," }
            text.append(digit)
        }
        return text
    }

    /// Two digits after the point.
    static func hundredths(_ value: Double) -> String {
        let scaled = Int64((value * 100).rounded())
        let fraction = scaled.magnitude % 100
        return "\(scaled < 0 ? "-" : "")\(scaled.magnitude / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

/// What the operating system knows about a process.
enum ProcessFigures {
    /// Seconds of processor time, all threads; nil when there is no such process.
    static func cpuSeconds(pid: Int32) -> Double? {
        guard let text = try? SmallFile.text(of: "/proc/\(pid)/stat"), let end = text.lastIndex(of: ")")
        else {
            return nil
        }
        // After the name: state is field 3; utime and stime are 14 and 15 (proc(5)).
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            return nil
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Bytes of memory held by this process, or another.
    static func residentBytes(pid: Int32? = nil) -> Int {
        guard let text = try? SmallFile.text(of: "/proc/\(pid.map { "\($0)" } ?? "self")/statm") else {
            return 0
        }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

extension Duration {
    var secondsValue: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

/// A folder that goes away with its contents.
struct TemporaryFolder {
    let path: String

    init(in folder: String?) throws(CommandFailure) {
        let base = folder ?? ProcessEnvironment.value("TMPDIR") ?? "/tmp"
        path = "\(base)/chronatog-bench.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        do { try SmallFile.makeFolder(path) } catch { throw .failed(error.sentence) }
    }

    /// Files only, as everything in a data folder is.
    func remove() {
        // unsafe because directories are read through C; names are copied before the next call.
        guard let stream = unsafe opendir(path) else { return }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        unsafe _ = closedir(stream)
        for name in names { SmallFile.remove("\(path)/\(name)") }
        unsafe _ = rmdir(path)  // because: the path is lent for the call
    }
}
