import Glibc

// `Fuzz TARGET [libFuzzer's own arguments]`: `run` beside this folder starts it.

/// Of libFuzzer's FuzzerDriver.cpp: makes bytes up until time is over.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ feed: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) private var target = FuzzTarget.frames

guard let named = CommandLine.arguments.dropFirst().first.flatMap({ FuzzTarget(rawValue: $0) }) else {
    for target in FuzzTarget.allCases { print(target.rawValue, target.bytesMax) }
    exit(CommandLine.arguments.count > 1 ? 2 : 0)
}
target = named
let others = CommandLine.arguments.prefix(1) + CommandLine.arguments.dropFirst(2)
var count = CInt(others.count)
let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: others.count + 1)
for (index, argument) in others.enumerated() { vector[index] = strdup(argument) }
vector[others.count] = nil
var arguments = vector
exit(
    runDriver(&count, &arguments) { start, length in
        let bytes = Array(UnsafeBufferPointer(start: start, count: length))
        do {
            try target.feed(bytes)
        } catch {
            fatalError("broken property of \(target.rawValue): \(error)")
        }
        return 0
    }
)
