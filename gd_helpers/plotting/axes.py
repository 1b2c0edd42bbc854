"""Figures and axes whose methods run in the style of the course, whatever style the session has.

matplotlib reads its settings when an artist is made. A chapter makes artists itself, with ``ax.plot`` or ``ax.legend``,
in a session whose settings are the reader's. So the style is applied around each method of a figure, its axes and
their two axis objects; the session keeps its settings.
"""

import inspect
from types import FunctionType

from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.figure import Figure

from gd_helpers.plotting.style import in_course_style


def _styled(cls):
    """Have the public methods of the class `cls`, and its ``__init__``, run in the style of the course.

    Getters are left alone, except those of ticks: only ticks are made when they are asked for.
    """
    for name in dir(cls):
        method = inspect.getattr_static(cls, name)
        getter = name.startswith("get_") and not name.endswith("_ticks")
        public = name == "__init__" or not name.startswith("_")
        if public and not getter and isinstance(method, FunctionType):
            setattr(cls, name, in_course_style(method))
    return cls


@_styled
class CourseXAxis(XAxis):
    """An x axis in the style of the course."""


@_styled
class CourseYAxis(YAxis):
    """A y axis in the style of the course."""


@_styled
class CourseAxes(Axes):
    """Axes in the style of the course."""

    def _init_axis(self):  # the hook by which matplotlib's projections choose their axis classes
        self.xaxis, self.yaxis = CourseXAxis(self, clear=False), CourseYAxis(self, clear=False)
        for sides, axis in ((("bottom", "top"), self.xaxis), (("left", "right"), self.yaxis)):
            for side in sides:
                self.spines[side].register_axis(axis)


@_styled
class CourseFigure(Figure):
    """A figure in the style of the course. Every axes of it is a `CourseAxes`: subplots, insets, twins, colour bars."""

    def _process_projection_requirements(self, *, axes_class=None, polar=False, projection=None, **kwargs):
        if not polar and projection is None:
            axes_class = axes_class or CourseAxes
        return super()._process_projection_requirements(
            axes_class=axes_class, polar=polar, projection=projection, **kwargs
        )
