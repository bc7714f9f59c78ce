using System.Diagnostics;
using System.Runtime.InteropServices;
using PlaceOrders;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(Arguments.Help);
    return 0;
}

using var stop = new CancellationTokenSource();
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    var run = Guid.NewGuid().ToString("N")[..8];
    var arguments = Arguments.Parse(args, run);
    return await new Run(arguments, run).ExecuteAsync(stop.Token);
}
catch (PlacingException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
