using System.Diagnostics;
using Migrations;

namespace OrderService.Tests;

/// <summary>The program that applies the migrations, as a process.</summary>
internal static class MigrationProgram
{
    public static async Task<(int ExitCode, string Error)> RunAsync(string connectionString, params string[] arguments)
    {
        using var program = Start(connectionString, arguments);
        return await EndAsync(program);
    }

    public static Process Start(string connectionString, params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [typeof(MigrationCommand).Assembly.Location, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["ConnectionStrings__Postgres"] = connectionString },
        })!;

    /// <summary>Waits for the end.</summary>
    public static async Task<(int ExitCode, string Error)> EndAsync(Process program)
    {
        var output = program.StandardOutput.ReadToEndAsync();
        var error = await program.StandardError.ReadToEndAsync();
        await program.WaitForExitAsync();
        await output;
        return (program.ExitCode, error);
    }
}
