using System.Diagnostics;
using Migrations;

namespace OrderService.Tests;

/// <summary>The program that applies the migrations, as a process.</summary>
internal static class MigrationProgram
{
    public static async Task<(int ExitCode, string Error)> RunAsync(string connectionString, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(MigrationCommand).Assembly.Location, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["ConnectionStrings__Postgres"] = connectionString },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        return (process.ExitCode, error);
    }
}
