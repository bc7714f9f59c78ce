using System.Runtime.InteropServices;

namespace Servers;

/// <summary>Turns the first Ctrl-C, SIGTERM or SIGHUP into a cancellation, so that everything is stopped in order. A second
/// one ends the process at once, and the kernel ends its children.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public Interruption()
    {
        // A shell script that starts a job with & has it ignore SIGINT, and .NET respects that. Whoever sends the signal to
        // such a job means it.
        Posix.Notice(Signal.Interrupt);
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = !_source.IsCancellationRequested;
                _source.Cancel();
            }));
        }
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _source.Dispose();
    }
}
