using System.Net.Sockets;
using Messaging;
using Microsoft.AspNetCore.Connections;

namespace OrderService.Operations;

/// <summary>The process around the service: its exit code and its last words.</summary>
internal static class ServiceProcess
{
    /// <summary>A builder that finds its files beside the program, wherever it was started from, and whose name does not
    /// depend on what has started it.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args) => WebApplication.CreateBuilder(new WebApplicationOptions
    {
        Args = args,
        ApplicationName = typeof(ServiceProcess).Assembly.GetName().Name,
        ContentRootPath = AppContext.BaseDirectory,
    });

    /// <summary>Builds and runs the service until it is told to stop. What an operator must mend is told on standard error
    /// without a stack trace, and the exit code is 1.</summary>
    public static async Task RunAsync(Func<WebApplication> build)
    {
        try
        {
            await using var service = build();
            TellOfFailures(service);
            await RunAsync(service);
        }
        catch (Exception exception) when (Find<SettingsException>(exception) is not null || Find<AddressInUseException>(exception) is not null)
        {
            // Not the return value of Main, which would hide the exit code that a fatal fault has set.
            Environment.ExitCode = 1;
            await Console.Error.WriteLineAsync((Find<SettingsException>(exception) ?? exception).Message);
        }
    }

    private static async Task RunAsync(WebApplication service)
    {
        var addresses = ListenAddresses.Describe(service.Configuration);
        try
        {
            await service.RunAsync();
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AccessDenied)
        {
            throw new SettingsException($"{addresses}: the service cannot listen there. {exception.Message}.");
        }
    }

    /// <summary>A background service that fails stops the host, which would end with exit code 0. Only one that has failed before the stop began:
    /// what one throws while it is told to end has not stopped anything.</summary>
    private static void TellOfFailures(WebApplication service)
    {
        var running = service.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
        service.Lifetime.ApplicationStopping.Register(() =>
        {
            if (running.Exists(one => one.ExecuteTask is { IsFaulted: true }))
            {
                Environment.ExitCode = 1;
            }
        });
    }

    private static Exception? Find<T>(Exception? exception)
        where T : Exception => exception is null or T ? exception : Find<T>(exception.InnerException);
}
