using System.Diagnostics;
using System.Text;

namespace Servers;

/// <summary>What a short-lived program said.</summary>
/// <param name="ExitCode">Its exit code; -1 when it was ended because its time was up, 127 when there is no such program.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The exit code is 0.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>The last line that says anything, standard error first.</summary>
    public string LastLine =>
        (Error + '\n').Split('\n').LastOrDefault(line => line.Trim().Length > 0)?.Trim()
        ?? Output.Split('\n').LastOrDefault(line => line.Trim().Length > 0)?.Trim()
        ?? $"exit code {ExitCode}";
}

/// <summary>Runs short-lived programs to their end.</summary>
public static class Command
{
    /// <summary>Runs a program and collects what it says. It is ended with all its children after
    /// <paramref name="timeout"/>, and after <paramref name="firstWord"/> if it has said nothing until then.</summary>
    public static async Task<CommandResult> RunAsync(
        string file,
        IEnumerable<string> arguments,
        TimeSpan timeout,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? environment = null,
        bool cleanEnvironment = false,
        TimeSpan? firstWord = null,
        string input = "")
    {
        using var process = new Process { StartInfo = Describe(file, arguments, environment, cleanEnvironment) };
        var output = new StringBuilder();
        var error = new StringBuilder();
        var spoke = false;
        process.OutputDataReceived += (_, line) => Append(output, line.Data, ref spoke);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data, ref spoke);
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return new CommandResult(127, "", $"{file}: {exception.Message}");
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        var ended = RunToEndAsync(process, input, deadline.Token);
        try
        {
            if (firstWord is { } wait && await Task.WhenAny(ended, Task.Delay(wait, deadline.Token)) != ended && !Volatile.Read(ref spoke))
            {
                await deadline.CancelAsync();
            }

            await ended;
            return new CommandResult(process.ExitCode, output.ToString(), error.ToString());
        }
        catch (OperationCanceledException)
        {
            End(process);
            cancellationToken.ThrowIfCancellationRequested();
            return new CommandResult(-1, output.ToString(), error + $"{file} did not finish in time");
        }
    }

    private static async Task RunToEndAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, or closed its input, without reading all of it: what it says of that counts.
        }

        await process.WaitForExitAsync(cancellationToken);
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or AggregateException)
        {
            // What sudo has started only root can end.
        }
    }

    private static ProcessStartInfo Describe(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, bool cleanEnvironment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (cleanEnvironment)
        {
            start.Environment.Clear();
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static void Append(StringBuilder text, string? line, ref bool spoke)
    {
        if (line is not null)
        {
            Volatile.Write(ref spoke, true);
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }
}
