using Faults;
using Servers;

using var interruption = new Interruption();
try
{
    if (args.Any(argument => argument is "--help" or "-h"))
    {
        Console.WriteLine(Arguments.Help);
        return 0;
    }

    var asked = Arguments.Parse(args);
    return asked switch
    {
        { Lists: true } => CaseList.Print(),
        { Mutants: not null } => await MutantsRun.RunAsync(asked, interruption.Token),
        _ => await MatrixRun.RunAsync(asked, interruption.Token),
    };
}
catch (ServersException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Interrupted; everything is stopped. The same command goes on where it stopped.");
    return 130;
}
